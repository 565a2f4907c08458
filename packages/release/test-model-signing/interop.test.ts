import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  compareWithDirectory,
  MODEL_PREDICATE,
  parseStatement,
  resourcesOfDirectory,
  type Signing,
  signStatement,
  statementOf,
  type TrustedSigner,
  verifyStatement,
} from '@weightseal/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority, DAY, leaf, type Made, SERVER } from '../test/support/authorities.ts';
import { refused } from '../test/support/refused.ts';
import { signerOf } from '../test/support/signers.ts';

// What `.ci/model-signing.mjs` has installed: the reference implementation of OpenSSF Model Signing.
const tool = process.env['WEIGHTSEAL_MODEL_SIGNING'];
const token = process.env['WEIGHTSEAL_SOFTHSM2_UTIL'];
const why = 'skipped unless pnpm test:model-signing runs it';

const base = mkdtempSync(join(tmpdir(), 'model-signing-'));
afterAll(() => rmSync(base, { recursive: true }));

let count = 0;
const place = (name: string) => join(base, `${++count}-${name}`);
const file = (name: string, content: string | Uint8Array) => {
  const path = place(name);
  writeFileSync(path, content);
  return path;
};

/** Runs the reference implementation: whether it succeeds, and what it says. */
function reference(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(tool!, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { good: status === 0, said: `${stdout}${stderr}` };
}

/** A model of 200 files in directories, some with names that need care. */
function newModel(): string {
  const model = place('model');
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(model, name)), { recursive: true });
    writeFileSync(join(model, name), content);
  };
  for (let at = 0; at < 196; at++) write(`shards/${at % 7}/${at % 3}-${at}.bin`, `shard ${at}`);
  write('config.json', '{}');
  write('shards-extra/größe und name.bin', Buffer.alloc(3_000_000, 'x'));
  write('.hidden', '');
  write('日本語/モデル', 'x');
  write('.git/HEAD', 'not part of the model');
  return model;
}

async function signHere(model: string, how: Signing, allowSymlinks = false): Promise<string> {
  const resources = await resourcesOfDirectory(model, { allowSymlinks });
  const payload = statementOf(resources, { name: 'model', allowSymlinks });
  return file('ours.sig', await signStatement(payload, how));
}

async function verifyHere(model: string, signature: string, trusted: TrustedSigner): Promise<void> {
  const { payload } = await verifyStatement(readFileSync(signature), [trusted], {
    predicateType: MODEL_PREDICATE,
  });
  await compareWithDirectory(parseStatement(payload), model);
}

const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;
const certificate = ({ der }: Made) => new X509Certificate(der).toString();

function newKey(namedCurve: string) {
  const keys = generateKeyPairSync('ec', { namedCurve });
  const signer = signerOf(keys);
  return {
    signer,
    trusted: { key: signer.spki },
    privateKey: file('private.pem', pem(keys.privateKey)),
    publicKey: file('public.pem', pem(keys.publicKey)),
  };
}

describe.skipIf(!tool)(`the reference implementation (${why})`, () => {
  let model: string;
  beforeAll(() => {
    model = newModel();
  });

  describe.each(['P-256', 'P-384', 'P-521'])('with a key of %s', (curve) => {
    const verify = (signature: string, publicKey: string, of = model) =>
      reference(['verify', 'key', of, '--signature', signature, '--public_key', publicKey]);

    it('verifies what is signed here', async () => {
      const key = newKey(curve);
      const signature = await signHere(model, { signer: key.signer });
      expect(verify(signature, key.publicKey)).toMatchObject({ good: true });
      expect(verify(signature, newKey(curve).publicKey)).toMatchObject({ good: false });
    });

    it('signs what is verified here', async () => {
      const key = newKey(curve);
      const signature = place('theirs.sig');
      const signed = reference([
        'sign',
        'key',
        model,
        '--signature',
        signature,
        '--private_key',
        key.privateKey,
      ]);
      expect(signed).toMatchObject({ good: true });
      await verifyHere(model, signature, key.trusted);
      await refused(() => verifyHere(model, signature, newKey(curve).trusted), 'SIGNER_UNTRUSTED');
    });
  });

  describe('with certificates', () => {
    let root: Made;
    let middle: Made;
    beforeAll(async () => {
      root = await authority({ name: 'CN=Root' });
      middle = await authority({ name: 'CN=Middle' }, root);
    });

    const verify = (signature: string, roots: Made) =>
      reference([
        'verify',
        'certificate',
        model,
        '--signature',
        signature,
        '--certificate_chain',
        file('roots.pem', certificate(roots)),
      ]);
    const sign = (mine: Made) => {
      const signature = place('theirs.sig');
      const args = [
        '--private_key',
        file('key.pem', pem(mine.signer.privateKey)),
        '--signing_certificate',
        file('mine.pem', certificate(mine)),
      ];
      const chain = ['--certificate_chain', file('chain.pem', certificate(middle))];
      expect(
        reference(['sign', 'certificate', model, '--signature', signature, ...args, ...chain]),
      ).toMatchObject({ good: true });
      return signature;
    };
    const trusted = (...roots: Made[]) => ({
      certificate: { roots: roots.map(({ der }) => der), identity: 'release.example.com' },
    });
    const named = { names: [{ type: 'dns', value: 'release.example.com' }] } as const;

    it.each(['P-256', 'P-384', 'P-521'])(
      'of %s it verifies what is signed here, and signs what is verified here',
      async (namedCurve) => {
        const mine = await leaf(
          { ...named, names: [...named.names], key: { name: 'ECDSA', namedCurve } },
          middle,
        );
        const certificates = [mine.der, middle.der];
        const ours = await signHere(model, { signer: mine.signer, certificates });
        expect(verify(ours, root)).toMatchObject({ good: true });
        expect(verify(ours, await authority({ name: 'CN=Root' }))).toMatchObject({ good: false });
        const theirs = sign(mine);
        await verifyHere(model, theirs, trusted(root));
        await refused(
          async () => verifyHere(model, theirs, trusted(await authority({ name: 'CN=Root' }))),
          'CERTIFICATE_UNTRUSTED',
        );
      },
    );

    it('that have ended since takes them, as is done here', async () => {
      const mine = await leaf({ from: -3 * DAY, until: -2 * DAY, names: [...named.names] }, middle);
      const theirs = sign(mine);
      expect(verify(theirs, root)).toMatchObject({ good: true });
      await verifyHere(model, theirs, trusted(root));
    });

    it('refuses what is refused here, but for a certificate of a server', async () => {
      const late = await authority({ name: 'CN=Middle', from: -DAY / 2 }, root);
      const weak = await authority({ name: 'CN=Middle', authority: false }, root);
      for (const [issuer, code] of [
        [late, 'CERTIFICATE_NOT_YET_VALID'],
        [weak, 'CERTIFICATE_INVALID'],
      ] as const) {
        const kept = middle;
        middle = issuer;
        const theirs = sign(await leaf({ names: [...named.names] }, issuer));
        middle = kept;
        expect(verify(theirs, root)).toMatchObject({ good: false });
        await refused(() => verifyHere(model, theirs, trusted(root)), code);
      }
      const server = sign(await leaf({ names: [...named.names], purposes: [SERVER] }, middle));
      expect(verify(server, root)).toMatchObject({ good: true });
      await refused(() => verifyHere(model, server, trusted(root)), 'CERTIFICATE_USAGE');
    });
  });

  describe('of a model that has changed', () => {
    const changes: [string, (model: string) => void, RegExp][] = [
      ['in a file', (of) => writeFileSync(join(of, 'config.json'), '[]'), /changed: "config\.json"/],
      [
        'by a file more',
        (of) => writeFileSync(join(of, 'shards', 'more.py'), ''),
        /extra: "shards\/more\.py"/,
      ],
      ['by a file less', (of) => rmSync(join(of, '日本語/モデル')), /missing/],
      [
        'to a link',
        (of) => {
          rmSync(join(of, 'config.json'));
          symlinkSync('.hidden', join(of, 'config.json'));
        },
        /is a link/,
      ],
    ];
    it.each(changes)('%s says so, as is done here', async (_, change, said) => {
      const [of, key] = [newModel(), newKey('P-256')];
      const ours = await signHere(of, { signer: key.signer });
      const theirs = place('theirs.sig');
      reference(['sign', 'key', of, '--signature', theirs, '--private_key', key.privateKey]);
      change(of);
      for (const signature of [ours, theirs]) {
        expect(
          reference(['verify', 'key', of, '--signature', signature, '--public_key', key.publicKey]),
        ).toMatchObject({ good: false });
        await refused(() => verifyHere(of, signature, key.trusted), 'MANIFEST_MISMATCH', said);
      }
    });
  });

  it('takes links to files for files where that is allowed, as is done here', async () => {
    const [of, key] = [newModel(), newKey('P-256')];
    symlinkSync(file('blob', 'weights'), join(of, 'linked.bin'));
    const theirs = place('theirs.sig');
    const signed = ['sign', 'key', of, '--signature', theirs, '--private_key', key.privateKey];
    expect(reference(signed)).toMatchObject({ good: false });
    expect(reference([...signed, '--allow_symlinks'])).toMatchObject({ good: true });
    await verifyHere(of, theirs, key.trusted);
    const ours = await signHere(of, { signer: key.signer }, true);
    const verified = ['verify', 'key', of, '--signature', ours, '--public_key', key.publicKey];
    expect(reference([...verified, '--allow_symlinks'])).toMatchObject({ good: true });
  });

  it('passes over the signature where that lies in the model, as is done here', async () => {
    const [of, key] = [newModel(), newKey('P-256')];
    const inside = join(of, 'model.sig');
    const ignored = ['--ignore-paths', join(of, 'shards')];
    reference(['sign', 'key', of, '--signature', inside, '--private_key', key.privateKey, ...ignored]);
    writeFileSync(join(of, 'shards', 'more.bin'), 'passed over');
    await verifyHere(of, inside, key.trusted);
    const resources = await resourcesOfDirectory(of, { ignorePaths: ['.git', 'model.sig'] });
    const payload = statementOf(resources, { name: 'model', ignorePaths: ['.git', 'model.sig'] });
    writeFileSync(inside, await signStatement(payload, { signer: key.signer }));
    expect(
      reference(['verify', 'key', of, '--signature', inside, '--public_key', key.publicKey]),
    ).toMatchObject({ good: true });
    await verifyHere(of, inside, key.trusted);
  });

  it.skipIf(!token)('signs with a key in a token what is verified here (skipped: no SoftHSM)', async () => {
    const [key, tokens] = [newKey('P-256'), place('tokens')];
    mkdirSync(tokens);
    const configuration = file(
      'softhsm2.conf',
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`,
    );
    const env = { ...process.env, SOFTHSM2_CONF: configuration };
    const util = (args: string[]) => execFileSync(token!, args, { env, stdio: 'pipe' });
    util(['--init-token', '--free', '--label', 'models', '--pin', '1234', '--so-pin', '12345678']);
    util([
      '--import',
      key.privateKey,
      '--token',
      'models',
      '--pin',
      '1234',
      '--label',
      'release',
      '--id',
      'a1',
    ]);
    const theirs = place('theirs.sig');
    const uri = `pkcs11:token=models;object=release;id=%a1?module-path=${process.env['WEIGHTSEAL_SOFTHSM2']}&pin-value=1234`;
    const signed = reference(['sign', 'pkcs11-key', model, '--signature', theirs, '--pkcs11_uri', uri], env);
    expect(signed).toMatchObject({ good: true });
    expect(existsSync(theirs)).toBe(true);
    await verifyHere(model, theirs, key.trusted);
  });
});
