import { createHash, createPublicKey } from 'node:crypto';
import type { Signer } from '@weightseal/core';
import { MODEL_PREDICATE, signStatement, type TrustedSigner, verifyStatement } from '@weightseal/release';
import { describe, expect, it } from 'vitest';
import { errorOf, refused } from './support/refused.ts';
import { KINDS, newSigner } from './support/signers.ts';
import { changed, digestOf, set, statement } from './support/statements.ts';

const MODEL = { predicateType: MODEL_PREDICATE };
const flip = (bytes: Uint8Array, at: number, bit = 0) => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1 << bit;
  return copy;
};
const edit = (bundle: Uint8Array, change: (document: never) => void) => {
  const document = JSON.parse(Buffer.from(bundle).toString());
  change(document as never);
  return Buffer.from(JSON.stringify(document));
};

describe.each(KINDS)('a statement that a key of %s has signed', (_, make) => {
  const signer = make();
  const trusted: TrustedSigner[] = [{ key: newSigner().spki }, { key: signer.spki }];

  it('is known to be its', async () => {
    const bundle = await signStatement(statement(), { signer });
    const { statement: read, signedBy, payload } = await verifyStatement(bundle, trusted, MODEL);
    expect(Buffer.from(payload)).toEqual(Buffer.from(statement()));
    expect(read.subject.name).toBe('model');
    expect(signedBy).toEqual({ kind: 'key', fingerprint: digestOf(signer.spki) });
  });

  it('names the key by the SHA-256 of its PEM', async () => {
    const document = JSON.parse(Buffer.from(await signStatement(statement(), { signer })).toString());
    const key = createPublicKey({ key: Buffer.from(signer.spki), format: 'der', type: 'spki' });
    const pem = key.export({ type: 'spki', format: 'pem' });
    expect(document.verificationMaterial.publicKey.hint).toBe(createHash('sha256').update(pem).digest('hex'));
  });

  it('is no other key’s', async () => {
    const bundle = await signStatement(statement(), { signer });
    const others = KINDS.map(([, another]) => ({ key: another().spki }));
    await refused(() => verifyStatement(bundle, others, MODEL), 'SIGNER_UNTRUSTED', /none of the signers/);
    await refused(() => verifyStatement(bundle, [], MODEL), 'SIGNER_UNTRUSTED');
  });

  it('is rejected where the hint is made to fit', async () => {
    const [mine, theirs] = [newSigner(), await signStatement(statement(), { signer })];
    const hint = JSON.parse(Buffer.from(await signStatement(statement(), { signer: mine })).toString());
    const forged = edit(theirs, (it: { verificationMaterial: unknown }) => {
      it.verificationMaterial = hint.verificationMaterial;
    });
    await refused(() => verifyStatement(forged, [{ key: mine.spki }], MODEL), 'SIGNATURE_REJECTED');
  });
});

it('a signature that is changed at any bit is refused, and never with a plain error', {
  timeout: 600_000,
}, async () => {
  const signer = newSigner();
  const bundle = await signStatement(statement(), { signer });
  for (let at = 0; at < bundle.length; at++)
    for (const bit of [at % 8, (at + 3) % 8]) {
      const error = await errorOf(() =>
        verifyStatement(flip(bundle, at, bit), [{ key: signer.spki }], MODEL),
      );
      expect(error.class, `byte ${at}, bit ${bit}: ${error.code}`).toBe('trust');
    }
});

it('a payload that is changed is rejected before it is looked at', async () => {
  const signer = newSigner();
  const bundle = await signStatement(statement(), { signer });
  for (const payload of [changed(set('_type', 'x')), Buffer.from('{'), flip(statement(), 200)]) {
    const forged = edit(bundle, (it: { dsseEnvelope: { payload: string } }) => {
      it.dsseEnvelope.payload = Buffer.from(payload).toString('base64');
    });
    await refused(() => verifyStatement(forged, [{ key: signer.spki }], MODEL), 'SIGNATURE_REJECTED');
  }
});

it('a good signature of another kind of statement is refused, and given to whoever asks for that kind', async () => {
  const signer = newSigner();
  const other = changed(set('predicateType', 'https://example.com/other'));
  const bundle = await signStatement(other, { signer });
  await refused(
    () => verifyStatement(bundle, [{ key: signer.spki }], MODEL),
    'SIGNATURE_INVALID',
    /something else/,
  );
  const asked = { predicateType: 'https://example.com/other' };
  const { statement: read } = await verifyStatement(bundle, [{ key: signer.spki }], asked);
  expect(read.predicateType).toBe('https://example.com/other');
});

it('what is no statement is not signed', () =>
  refused(() => signStatement(Buffer.from('{}'), { signer: newSigner() }), 'SIGNATURE_INVALID'));

describe('a signer', () => {
  const signer = newSigner();
  const other = newSigner();
  it.each<[string, Partial<Signer>, 'KEY_RESPONSE_INVALID' | 'SIGNING_KEY_UNFIT']>([
    ['that gives nothing', { sign: async () => new Uint8Array() }, 'KEY_RESPONSE_INVALID'],
    ['that signs with another key', { sign: other.sign }, 'KEY_RESPONSE_INVALID'],
    ['whose key is none', { publicKey: async () => new Uint8Array(8) }, 'SIGNING_KEY_UNFIT'],
  ])('%s makes no signature', async (_, wrong, code) => {
    await refused(() => signStatement(statement(), { signer: { ...signer, ...wrong } }), code);
  });

  it('is not asked once the caller has aborted, and what it gives later is nobody’s', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const late = {
      ...signer,
      sign: async () => {
        controller.abort();
        return new Uint8Array();
      },
    };
    await refused(() => signStatement(statement(), { signer: late }, { signal }), 'ABORTED');
    await refused(() => signStatement(statement(), { signer }, { signal }), 'ABORTED');
    const bundle = await signStatement(statement(), { signer });
    await refused(() => verifyStatement(bundle, [{ key: signer.spki }], { ...MODEL, signal }), 'ABORTED');
  });
});

it.each<[string, unknown, string]>([
  ['none', undefined, 'array'],
  ['one', { key: newSigner().spki }, 'array'],
  ['one of two kinds', [{ key: newSigner().spki, certificate: { roots: [] } }], 'one of'],
  ['one of no kind', [{}], 'one of'],
  ['a misspelt one', [{ kye: newSigner().spki }], 'key'],
  ['a key as text', [{ key: 'MFkw' }], 'bytes'],
  ['no roots', [{ certificate: { roots: [] } }], 'roots'],
  ['a root as text', [{ certificate: { roots: ['x'] } }], 'bytes'],
  ['no identity', [{ sigstore: { issuer: 'https://a' } }], 'identity'],
  ['no issuer', [{ sigstore: { identity: 'a' } }], 'issuer'],
])('trusted signers that are %s are refused', async (_, trusted, said) => {
  const bundle = await signStatement(statement(), { signer: newSigner() });
  await refused(() => verifyStatement(bundle, trusted as never, MODEL), 'INVALID_ARGUMENT', said);
});
