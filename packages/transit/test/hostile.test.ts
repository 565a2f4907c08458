import { isWeightsealError } from '@weightseal/core';
import { checkPeer, readCertificate, readCrls } from '@weightseal/transit';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { authority, client, crl, type Made, x509 } from './support/authorities.ts';

let root: Made;
let one: Made;
let list: Buffer;
beforeAll(async () => {
  root = await authority();
  one = await client(root);
  list = Buffer.from(x509.PemConverter.decodeFirst(await crl(root, [one])));
});

/** Whatever bytes there are, it is read or refused, and nothing else is thrown. */
function orRefused(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    expect(error.class).toBe('trust');
  }
}

const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean());
function changed(bytes: Buffer, [at, by, cut]: readonly [number, number, boolean]): Buffer {
  const copy = Buffer.from(bytes);
  const where = at % copy.length;
  copy[where] = copy[where]! ^ by;
  return cut ? copy.subarray(0, where) : copy;
}

it('certificates that were changed or cut are read or refused', () => {
  const der = Buffer.from(one.certificate.rawData);
  fc.assert(
    fc.property(change, (how) =>
      orRefused(() =>
        checkPeer({ certificate: readCertificate(changed(der, how)), chain: [] }, { role: 'client' }),
      ),
    ),
    { numRuns: 500 },
  );
});

it('a list that was changed says the same, or was not signed by its authority', () => {
  const issuer = readCertificate(Buffer.from(root.certificate.rawData));
  const read = (der: Uint8Array) =>
    readCrls(x509.PemConverter.encode(Uint8Array.from(der).buffer, 'X509 CRL'), 'The list')[0]!;
  const whole = read(list);
  expect(whole.isSignedBy(issuer)).toBe(true);
  fc.assert(
    fc.property(change, (how) =>
      orRefused(() => {
        const { isSignedBy, pem, ...said } = read(changed(list, how));
        // Around what is signed there are lengths, which bind nothing.
        if (isSignedBy(issuer)) expect({ ...whole, ...said }).toEqual(whole);
      }),
    ),
    { numRuns: 1000 },
  );
});
