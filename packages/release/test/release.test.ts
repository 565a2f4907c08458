import { createPublicKey, X509Certificate } from 'node:crypto';
import { copyFile, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isWeightsealError,
  MANIFEST_NAME,
  parseManifest,
  rewrap,
  rewrapBundle,
  SIGNATURE_NAME,
  sealToFile,
} from '@weightseal/core';
import {
  certificatesFromPem,
  parseBundle,
  parseStatement,
  publicKeyFromPem,
  type SignReleaseOptions,
  signDirectory,
  signRelease,
  verifyDirectory,
  verifyRelease,
} from '@weightseal/release';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { leaf } from './support/authorities.ts';
import { errorOf } from './support/refused.ts';
import { freePath, manifestOf, sealed } from './support/releases.ts';
import { KINDS } from './support/signers.ts';

const [signer, other] = [KINDS[0]![1](), KINDS[1]![1]()];
const trusted = async (of = signer) => [{ key: await of.publicKey() }];

describe('a bundle is signed', () => {
  it('by its manifest, as one that other tools take: all files but the envelope', async () => {
    const bundle = await sealed({ name: 'acme/llama', version: '3' });
    const { digest, manifest } = await manifestOf(bundle);
    expect(await signRelease(bundle, { signer })).toEqual({
      digest,
      name: 'acme/llama',
      version: '3',
      files: manifest.files.length + 1,
    });
    const { payload } = parseBundle(await readFile(join(bundle, SIGNATURE_NAME)));
    const { resources, ignorePaths, subject } = parseStatement(payload);
    const names = [...manifest.files.map(({ path }) => path), MANIFEST_NAME].sort();
    expect(resources.map(({ name }) => name)).toEqual(names);
    expect(ignorePaths).toEqual(expect.arrayContaining(['weightseal.json', SIGNATURE_NAME]));
    expect(subject.name).toBe('acme/llama');
    const { signedBy, ...verified } = await verifyRelease(bundle, await trusted());
    expect(verified).toEqual({ manifest, digest });
    expect(signedBy).toMatchObject({
      kind: 'key',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('for whoever may open it: a rewrap leaves it good', async () => {
    const bundle = await sealed();
    await signRelease(bundle, { signer });
    await rewrapBundle(bundle, { keys: [new MemoryKey('one')], add: [new MemoryKey('two')] });
    await verifyRelease(bundle, await trusted());
  });

  it('once, unless another signature is to take its place', async () => {
    const bundle = await sealed();
    await signRelease(bundle, { signer });
    expect((await errorOf(() => signRelease(bundle, { signer: other }))).code).toBe('OUTPUT_EXISTS');
    await verifyRelease(bundle, await trusted());
    await signRelease(bundle, { signer: other }, { overwrite: true });
    expect((await errorOf(async () => verifyRelease(bundle, await trusted()))).code).toBe('SIGNER_UNTRUSTED');
    await verifyRelease(bundle, [...(await trusted()), ...(await trusted(other))]);
  });

  it.each<[string, string, (bundle: string) => Promise<unknown>]>([
    ['has no signature', 'SIGNATURE_MISSING', (at) => unlink(join(at, SIGNATURE_NAME))],
    ['has no manifest', 'MANIFEST_MISSING', (at) => unlink(join(at, MANIFEST_NAME))],
    ['has an empty signature', 'SIGNATURE_INVALID', (at) => writeFile(join(at, SIGNATURE_NAME), '')],
    [
      'has the signature of another release',
      'SIGNATURE_MISMATCH',
      async (at) => {
        const another = await sealed();
        await signRelease(another, { signer });
        await copyFile(join(another, SIGNATURE_NAME), join(at, SIGNATURE_NAME));
      },
    ],
    [
      'has the manifest of another release',
      'MANIFEST_MISMATCH',
      async (at) => await copyFile(join(await sealed(), MANIFEST_NAME), join(at, MANIFEST_NAME)),
    ],
  ])('and one that %s is refused', async (_, code, change) => {
    const bundle = await sealed();
    await signRelease(bundle, { signer });
    await change(bundle);
    expect((await errorOf(async () => verifyRelease(bundle, await trusted()))).code).toBe(code);
  });

  it('only where it has a manifest', async () => {
    const bundle = await sealed();
    await rm(join(bundle, MANIFEST_NAME));
    expect((await errorOf(() => signRelease(bundle, { signer }))).code).toBe('MANIFEST_MISSING');
  });
});

it('what a release is called is said when it is signed, of a file, and of a bundle when it is sealed', async () => {
  const [plain, path] = [freePath('plain'), freePath('m.sealed')];
  await writeFile(plain, 'weights');
  await sealToFile(plain, path, { keys: [new MemoryKey('one')], context: { model: 'm' } });
  const { files } = await parseManifest(await readFile(`${path}.${MANIFEST_NAME}`));
  await signRelease(path, { signer }, { release: { name: 'n', version: '2' } });
  expect((await verifyRelease(path, await trusted())).manifest).toMatchObject({
    name: 'n',
    version: '2',
    files,
  });
  // What fails leaves what was signed as it is.
  const signing = (options: SignReleaseOptions) => errorOf(() => signRelease(path, { signer }, options));
  expect((await signing({ release: { version: '3' } })).code).toBe('OUTPUT_EXISTS');
  expect((await signing({ release: { version: '' }, overwrite: true })).code).toBe('INVALID_ARGUMENT');
  await verifyRelease(path, await trusted());
  const broken = { ...signer, sign: () => Promise.reject(new Error('the key is away')) };
  await signRelease(path, { signer: broken }, { release: { version: '3' }, overwrite: true }).catch(() => {});
  expect((await verifyRelease(path, await trusted())).manifest.version).toBe('2');
  await writeFile(`${path}.${MANIFEST_NAME}`, '{');
  expect((await signing({ overwrite: false })).code).toBe('OUTPUT_EXISTS');
  await signRelease(path, { signer }, { overwrite: true });
  await verifyRelease(path, await trusted());
  const bundle = await sealed();
  const named = (version: string) => signRelease(bundle, { signer }, { release: { version } });
  expect((await errorOf(() => named('another'))).code).toBe('INVALID_ARGUMENT');
});

it('a file is signed with a manifest that is made for it, beside it', async () => {
  const [plain, path] = [freePath('plain'), freePath('m.sealed')];
  await writeFile(plain, 'weights');
  const keys = [new MemoryKey('one')];
  await sealToFile(plain, path, { keys, context: { model: 'm' }, manifest: false });
  expect(await signRelease(path, { signer }, { release: { version: '2' } })).toMatchObject({
    name: 'm',
    version: '2',
    files: 1,
  });
  await rewrap(path, { keys, add: [new MemoryKey('two')] });
  expect((await verifyRelease(path, await trusted())).manifest.kind).toBe('file');
  // Under another seal's manifest nothing is signed, unless what is there may be replaced.
  await sealToFile(plain, path, { keys, overwrite: true, manifest: false });
  const again = (overwrite: boolean) => signRelease(path, { signer }, { overwrite });
  await rm(`${path}.${SIGNATURE_NAME}`);
  expect((await errorOf(() => again(false))).code).toBe('MANIFEST_MISMATCH');
  await again(true);
  await verifyRelease(path, await trusted());
  await copyFile(path, `${path}-moved`);
  expect((await errorOf(async () => verifyRelease(`${path}-moved`, await trusted()))).code).toBe(
    'MANIFEST_MISSING',
  );
});

describe('the files of a directory are signed', () => {
  it('with the signature among them, or elsewhere', async () => {
    const bundle = await sealed();
    for (const signature of [join(bundle, 'model.sig'), freePath('model.sig')]) {
      const count = await signDirectory(bundle, signature, { signer });
      const { statement } = await verifyDirectory(bundle, await readFile(signature), await trusted(), {
        signaturePath: signature,
      });
      expect(statement.resources).toHaveLength(count);
      expect((await errorOf(() => signDirectory(bundle, signature, { signer }))).code).toBe('OUTPUT_EXISTS');
      await signDirectory(bundle, signature, { signer: other }, { overwrite: true });
      await rm(signature);
    }
  });
});

describe('what stands in a file of PEM', () => {
  it('is a public key, and no private one', async () => {
    const der = await signer.publicKey();
    const pem = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }).export({
      type: 'spki',
      format: 'pem',
    });
    expect(Buffer.compare(publicKeyFromPem(String(pem), 'it'), der)).toBe(0);
    for (const text of ['', 'x', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'])
      expect(codeOf(() => publicKeyFromPem(text, 'it'))).toBe('SIGNING_KEY_UNFIT');
    expect(codeOf(() => publicKeyFromPem('-----BEGIN PRIVATE KEY-----\n', 'it'))).toBe('SIGNING_KEY_UNFIT');
  });

  it('is one key, and no certificate, of which just the first would count, or the key alone', async () => {
    const certificate = new X509Certificate((await leaf({ name: 'CN=release' })).der);
    const pem = String(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
    expect(publicKeyFromPem(`# release\n${pem}`, 'it')).toHaveLength(91);
    expect(() => publicKeyFromPem(pem + pem, 'it')).toThrow(/^it has several keys/);
    expect(() => publicKeyFromPem(certificate.toString(), 'it')).toThrow(/^it is a certificate/);
    expect(() => publicKeyFromPem(pem + certificate.toString(), 'it')).toThrow(/^it has several/);
  });

  it('are certificates, or it is refused', () => {
    for (const text of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])
      expect(codeOf(() => certificatesFromPem(text, 'it'))).toBe('CERTIFICATE_INVALID');
  });
});

function codeOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return isWeightsealError(error) ? error.code : undefined;
  }
}
