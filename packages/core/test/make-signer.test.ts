import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import {
  ecdsaDer,
  type FoundKey,
  makeSigner,
  publicKeyPem,
  type Signer,
  type SigningCalls,
  WeightsealError,
} from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

const MESSAGE = Buffer.from('a model');
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: 'spki', format: 'der' });

describe('the DER of r and s', () => {
  const curves = [
    ['P-256', 'sha256', 32],
    ['P-384', 'sha384', 48],
    ['P-521', 'sha512', 66],
  ] as const;

  it.each(curves)('is what OpenSSL takes, for %s', (namedCurve, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    // Enough for numbers that are shorter than the others, and that begin with a one.
    for (let i = 0; i < 300; i++) {
      const raw = sign(hash, MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verify(hash, MESSAGE, publicKey, ecdsaDer(raw))).toBe(true);
    }
  });

  it.each(curves)('says the same two numbers, in one way, for %s', (_curve, _hash, width) => {
    const number = fc.tuple(fc.nat(width), fc.uint8Array({ minLength: width, maxLength: width }));
    const padded = number.map(([zeros, bytes]) => bytes.fill(0, 0, zeros));
    fc.assert(
      fc.property(padded, padded, (r, s) => {
        const der = Buffer.from(ecdsaDer(Buffer.concat([r, s])));
        expect(numbersIn(der)).toEqual([r, s].map((one) => BigInt(`0x0${Buffer.from(one).toString('hex')}`)));
      }),
    );
  });

  it('there is none of other lengths', () => {
    for (const length of [0, 1, 63, 65, 94, 98, 130, 134, 256])
      expect(() => ecdsaDer(new Uint8Array(length))).toThrow(
        expect.objectContaining({ code: 'KEY_RESPONSE_INVALID' }),
      );
  });
});

/** A reader of DER that takes its one spelling only. */
function numbersIn(der: Buffer): bigint[] {
  const read = (at: number, tag: number): { content: Buffer; end: number } => {
    expect(der[at]).toBe(tag);
    const long = der[at + 1] === 0x81;
    const length = long ? der[at + 2]! : der[at + 1]!;
    expect(length >= 128).toBe(long);
    const start = at + (long ? 3 : 2);
    expect(der.length).toBeGreaterThanOrEqual(start + length);
    return { content: der.subarray(start, start + length), end: start + length };
  };
  const all = read(0, 0x30);
  expect(all.end).toBe(der.length);
  const numbers: bigint[] = [];
  for (let at = der.length - all.content.length; at < der.length; ) {
    const { content, end } = read(at, 0x02);
    expect(content.length).toBeGreaterThan(0);
    expect(content[0]! < 0x80).toBe(true);
    if (content.length > 1 && content[0] === 0) expect(content[1]! >= 0x80).toBe(true);
    numbers.push(BigInt(`0x${content.toString('hex')}`));
    at = end;
  }
  return numbers;
}

it('a public key for others is the PEM that OpenSSL writes', () => {
  for (const pair of [
    P256,
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]) {
    const pem = publicKeyPem(spki(pair));
    expect(pem).toBe(pair.publicKey.export({ type: 'spki', format: 'pem' }));
    expect(spki({ publicKey: createPublicKey(pem) })).toEqual(spki(pair));
  }
});

const FOUND: FoundKey<string> = { publicKey: spki(P256), version: 'one' };
const signing: SigningCalls<string>['sign'] = async (_, { message }) =>
  sign('sha256', message, P256.privateKey);

function signerWith(calls: Partial<SigningCalls<string>>): Signer {
  return makeSigner<string>({
    provider: 'memory',
    uri: 'memory:key',
    limits: (call, doing) => ({ signal: call?.signal, deadlineMs: 2000, doing: `${doing} it` }),
    find: async () => FOUND,
    sign: signing,
    ...calls,
  });
}

describe('a signer', () => {
  it('asks for its key once, also for many at once, and signs with the version that was found', async () => {
    const find = vi.fn(async () => FOUND);
    const used = vi.fn(signing);
    const signer = signerWith({ find, sign: used });
    const calls = [signer.publicKey(), signer.sign(MESSAGE), signer.sign(MESSAGE), signer.publicKey()];
    await Promise.all(calls);
    await signer.sign(MESSAGE);
    expect(find).toHaveBeenCalledTimes(1);
    expect(used.mock.calls.map(([version]) => version)).toEqual(['one', 'one', 'one']);
  });

  it('gives the key in memory of the caller’s own', async () => {
    const signer = signerWith({});
    (await signer.publicKey()).fill(0);
    expect(await signer.publicKey()).toEqual(Uint8Array.from(spki(P256)));
  });

  it('asks anew after a failure', async () => {
    const failed = new WeightsealError('KEY_UNAVAILABLE', 'Not now.');
    const find = vi.fn(async () => FOUND).mockRejectedValueOnce(failed);
    const signer = signerWith({ find });
    await expect(signer.publicKey()).rejects.toBe(failed);
    await signer.publicKey();
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('goes on asking when one of two who wait aborts, and stops when both have', async () => {
    const stopped: unknown[] = [];
    const given = Promise.withResolvers<FoundKey<string>>();
    const find = vi.fn((stop: AbortSignal) => {
      stop.addEventListener('abort', () => stopped.push(stop.reason));
      return given.promise;
    });
    const signer = signerWith({ find });
    const [one, other, late] = [new AbortController(), new AbortController(), new AbortController()];
    const first = signer.publicKey({ signal: one.signal });
    const second = signer.publicKey({ signal: other.signal });
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    expect(stopped).toEqual([]);
    other.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    expect(stopped).toMatchObject([{ code: 'ABORTED' }]);
    const third = signer.publicKey({ signal: late.signal });
    given.resolve(FOUND);
    await third;
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('ends at its deadline, and says the same to whom it asked', async () => {
    let reason: unknown;
    const find = (stop: AbortSignal) =>
      new Promise<never>(() => stop.addEventListener('abort', () => (reason = stop.reason)));
    const limits: SigningCalls<string>['limits'] = (_, doing) => ({
      signal: undefined,
      deadlineMs: 20,
      doing,
    });
    await expect(signerWith({ find, limits }).sign(MESSAGE)).rejects.toMatchObject({ code: 'KEY_TIMEOUT' });
    expect(reason).toMatchObject({ code: 'KEY_TIMEOUT' });
  });

  it('gives out nothing that its key did not make of these bytes', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const answers = [
      new Uint8Array(),
      sign('sha256', MESSAGE, other.privateKey),
      sign('sha256', Buffer.from('other bytes'), P256.privateKey),
      sign('sha384', MESSAGE, P256.privateKey),
      sign('sha256', MESSAGE, { key: P256.privateKey, dsaEncoding: 'ieee-p1363' }),
    ];
    for (const answer of answers)
      await expect(signerWith({ sign: async () => answer }).sign(MESSAGE)).rejects.toMatchObject({
        code: 'KEY_RESPONSE_INVALID',
      });
  });

  it('is none with a key that signs nothing here, and is never asked to sign', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const used = vi.fn(signing);
    const signer = signerWith({ find: async () => ({ publicKey: spki(weak), version: '' }), sign: used });
    await expect(signer.sign(MESSAGE)).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT' });
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'SIGNING_KEY_UNFIT' });
    expect(used).not.toHaveBeenCalled();
  });

  it('signs bytes only', async () => {
    for (const none of ['text', undefined, 7, [1]])
      await expect(signerWith({}).sign(none as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
