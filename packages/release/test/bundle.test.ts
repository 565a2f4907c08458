import { isWeightsealError } from '@weightseal/core';
import { parseBundle, signStatement } from '@weightseal/release';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { refused } from './support/refused.ts';
import { newSigner } from './support/signers.ts';
import { set, statement, unset } from './support/statements.ts';

type Document = Record<string, Record<string, unknown>>;

let sound: Uint8Array;
beforeAll(async () => {
  sound = await signStatement(statement(), { signer: newSigner() });
});

const changed = (change: (document: Document) => void): Uint8Array => {
  const document = JSON.parse(Buffer.from(sound).toString());
  change(document);
  return Buffer.from(JSON.stringify(document));
};
const envelope = (members: object) => (it: Document) => void Object.assign(it['dsseEnvelope']!, members);
const material = (members: object) => set('verificationMaterial', members);
const CERTIFICATE = { rawBytes: 'MAA=' };

describe('a bundle', () => {
  it('is read as it was written', () => {
    const { payload, material } = parseBundle(sound);
    expect(Buffer.from(payload)).toEqual(Buffer.from(statement()));
    expect(material).toEqual({ kind: 'key', hint: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('may lack the list of log entries, and have no keyid or an empty one', () => {
    for (const one of [
      changed((it) => void delete it['verificationMaterial']!['tlogEntries']),
      changed((it) => void delete (it['dsseEnvelope']!['signatures'] as Document[])[0]!['keyid']),
      changed(envelope({ signatures: [{ sig: 'AA==', keyid: null }] })),
    ])
      expect(parseBundle(one).material.kind).toBe('key');
  });

  it('has certificates as Model Signing has them, or as Sigstore has one', () => {
    const chain = { x509CertificateChain: { certificates: [CERTIFICATE, CERTIFICATE] } };
    expect(parseBundle(changed(material(chain))).material).toEqual({
      kind: 'certificates',
      certificates: [Buffer.from([0x30, 0]), Buffer.from([0x30, 0])],
    });
    const keyless = { certificate: CERTIFICATE, tlogEntries: [{}] };
    expect(parseBundle(changed(material(keyless))).material).toEqual({
      kind: 'sigstore',
      certificate: Buffer.from([0x30, 0]),
    });
  });

  const base64 = () => JSON.parse(Buffer.from(sound).toString()).dsseEnvelope.payload as string;
  it.each<[string, (it: Document) => void, RegExp]>([
    ['another media type', set('mediaType', 'x'), /no Sigstore bundle/],
    [
      'a media type of an older version',
      set('mediaType', 'application/vnd.dev.sigstore.bundle+json;version=0.2'),
      /no Sigstore bundle/,
    ],
    ['a member of its own', set('x', {}), /not known/],
    ['a signature of bytes', set('messageSignature', {}), /not known/],
    ['no envelope', unset('dsseEnvelope'), /envelope is no object/],
    ['no material', unset('verificationMaterial'), /material is no object/],
    ['another payload type', envelope({ payloadType: 'text/plain' }), /something else than a statement/],
    ['no payload', envelope({ payload: '' }), /no base64/],
    ['a payload that is none', envelope({ payload: 5 }), /no text/],
    ['no signature', envelope({ signatures: [] }), /no signature/],
    ['two signatures', envelope({ signatures: [{ sig: 'AA==' }, { sig: 'AA==' }] }), /2 entries/],
    ['a signature that names a key', envelope({ signatures: [{ sig: 'AA==', keyid: 'k' }] }), /keyid/],
    ['a signature that is too long', envelope({ signatures: [{ sig: 'A'.repeat(4000) }] }), /more than/],
    ['an envelope with more in it', envelope({ more: 1 }), /not known/],
    ['no signer', material({ tlogEntries: [] }), /0 of/],
    ['two kinds of signers', material({ publicKey: { hint: '' }, certificate: CERTIFICATE }), /2 of/],
    ['a key as bytes', material({ publicKey: { rawBytes: 'AA==' } }), /not known/],
    ['a key without a hint', material({ publicKey: {} }), /no text/],
    ['an empty chain', material({ x509CertificateChain: { certificates: [] } }), /empty/],
    ['a long chain', material({ x509CertificateChain: { certificates: Array(17).fill(CERTIFICATE) } }), /17/],
    [
      'a certificate without a log',
      material({ certificate: CERTIFICATE, tlogEntries: [] }),
      /no entry of a log/,
    ],
    [
      'a certificate that is no base64',
      material({ certificate: { rawBytes: '!' }, tlogEntries: [{}] }),
      /base64/,
    ],
  ])('is refused with %s', async (_, change, said) => {
    const bytes = changed(change);
    await refused(() => parseBundle(bytes), 'SIGNATURE_INVALID', said);
  });

  it('is refused in any other spelling of base64', async () => {
    const padded = Buffer.from('ab').toString('base64');
    for (const payload of [
      `${base64().replace(/=*$/, '')}\n`,
      ` ${base64()}`,
      padded.replace('=', ''),
      `${padded}=`,
      'YWJ=',
      'YW_j',
      'YW\u0000j',
      'ＹＷＪｊ',
    ])
      await refused(() => parseBundle(changed(envelope({ payload }))), 'SIGNATURE_INVALID', /base64/);
  });

  it('is refused with more values than any has, before they take memory', async () => {
    for (const many of [
      '['.repeat(50_000),
      `[${'[],'.repeat(50_000)}[]]`,
      `{"a":"\\"[","b":[${'1,'.repeat(50_000)}1]}`,
    ])
      await refused(() => parseBundle(Buffer.from(many)), 'SIGNATURE_INVALID', /more than 20000 values/);
  });

  it('is refused with a name twice', async () => {
    const twice = Buffer.from(sound).toString().replace('"payloadType"', '"payload":"AA==","payloadType"');
    await refused(() => parseBundle(Buffer.from(twice)), 'SIGNATURE_INVALID', /twice/);
  });

  it('is refused wherever it is cut', () => {
    for (let at = 0; at < sound.length; at++)
      expect(() => parseBundle(sound.subarray(0, at))).toThrowError(
        expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
      );
  });

  it('is refused whatever it is', () => {
    const values = fc.anything({ maxDepth: 3 });
    fc.assert(
      fc.property(values, values, values, (mediaType, verificationMaterial, dsseEnvelope) => {
        const some = JSON.stringify({ mediaType, verificationMaterial, dsseEnvelope }, (_, value) =>
          typeof value === 'bigint' ? 1 : value,
        );
        for (const bytes of [
          Buffer.from(some),
          changed(set('verificationMaterial', JSON.parse(some).verificationMaterial)),
          changed(set('dsseEnvelope', JSON.parse(some).dsseEnvelope)),
        ])
          try {
            parseBundle(bytes);
            expect.unreachable('it was accepted');
          } catch (error) {
            expect(isWeightsealError(error) && error.code).toBe('SIGNATURE_INVALID');
          }
      }),
    );
  });
});
