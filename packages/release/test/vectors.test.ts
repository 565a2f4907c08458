import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  MODEL_PREDICATE,
  parseBundle,
  parseStatement,
  type TrustedSigner,
  verifyStatement,
} from '@weightseal/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, refused } from './support/refused.ts';

// Signatures that the project of the format has published. They are not part of this repository: WEIGHTSEAL_VECTORS names the directory, with oms/ in it.
const root = join(process.env['WEIGHTSEAL_VECTORS'] ?? '', 'oms');
const MODEL = { predicateType: MODEL_PREDICATE };
const read = (name: string) => readFileSync(join(root, `${name}.bundle.json`));
const title =
  'signatures of OpenSSF Model Signing, skipped unless WEIGHTSEAL_VECTORS names a directory of them';

describe.skipIf(process.env['WEIGHTSEAL_VECTORS'] === undefined || !existsSync(root))(title, () => {
  const directory = mkdtempSync(join(tmpdir(), 'vectors-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  let leaf: X509Certificate;
  let issuer: X509Certificate;
  let key: TrustedSigner;
  beforeAll(() => {
    const { material } = parseBundle(read('valid/certificate'));
    if (material.kind !== 'certificates') expect.unreachable();
    [leaf, issuer] = material.certificates.map((der) => new X509Certificate(der)) as [
      X509Certificate,
      X509Certificate,
    ];
    // The key's own vector does not hold it, and it is this one: its hint is that of this key.
    key = { key: leaf.publicKey.export({ type: 'spki', format: 'der' }) };
  });

  it('by a key is good', async () => {
    const { signedBy, payload } = await verifyStatement(read('valid/key'), [key], MODEL);
    expect(signedBy.kind).toBe('key');
    expect(parseStatement(payload)).toMatchObject({
      subject: { name: 'model' },
      resources: [{ name: 'signme-1' }, { name: 'signme-2' }],
      ignorePaths: ['.gitattributes', '.github', 'ignore-me', '.gitignore', '.git'],
    });
  });

  it('by a certificate is good for whoever trusts its issuer, whose root is not in it', async () => {
    const trusted = { certificate: { roots: [issuer.raw], identity: 'intermediate-ca' } };
    const { signedBy } = await verifyStatement(read('valid/certificate'), [trusted], MODEL);
    expect(signedBy).toMatchObject({
      kind: 'certificate',
      subject: 'CN=intermediate-ca',
      identities: ['intermediate-ca'],
    });
    await verifyStatement(read('valid/certificate'), [{ certificate: { roots: [leaf.raw] } }], MODEL);
    await refused(() => verifyStatement(read('valid/certificate'), [key], MODEL), 'SIGNER_UNTRUSTED');
  });

  it('by Sigstore is good, by the trusted root that its library brings', async () => {
    const library = dirname(createRequire(import.meta.url).resolve('@sigstore/tuf/package.json'));
    const seeds = JSON.parse(readFileSync(join(library, 'seeds.json'), 'utf8'));
    const trustedRoot = join(directory, 'trusted_root.json');
    const { targets } = seeds['https://tuf-repo-cdn.sigstore.dev'];
    writeFileSync(trustedRoot, Buffer.from(targets['trusted_root.json'], 'base64'));
    const trust = (identity: string, issuer: string) => [{ sigstore: { identity, issuer, trustedRoot } }];
    const [me, oidc] = ['stefanb@us.ibm.com', 'https://sigstore.verify.ibm.com/oauth2'];
    const { signedBy } = await verifyStatement(read('valid/sigstore'), trust(me, oidc), MODEL);
    expect(signedBy).toEqual({ kind: 'sigstore', identity: me, issuer: oidc });
    await refused(
      () => verifyStatement(read('valid/sigstore'), trust(`x${me}`, oidc), MODEL),
      'SIGNER_UNTRUSTED',
    );
    await refused(
      () => verifyStatement(read('valid/sigstore'), trust(me, 'https://x'), MODEL),
      'SIGNER_UNTRUSTED',
    );
  });

  it('that are invalid are refused, each by its form', async () => {
    const names = readdirSync(join(root, 'invalid')).map((file) => file.replace('.bundle.json', ''));
    expect(names.length).toBeGreaterThan(3);
    for (const name of names)
      await refused(() => verifyStatement(read(`invalid/${name}`), [key], MODEL), 'SIGNATURE_INVALID');
  });

  it('of something else than a model is refused twice: nobody signed it, and it is none', async () => {
    const bytes = read('invalid-payload/wrong-predicate');
    expect((await errorOf(() => verifyStatement(bytes, [key], MODEL))).code).toBe('SIGNATURE_REJECTED');
    await refused(
      () => parseStatement(parseBundle(bytes).payload),
      'SIGNATURE_INVALID',
      /something else than a model/,
    );
  });
});
