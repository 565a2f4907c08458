import { createTlsOptions } from '@weightseal/transit';
import { beforeAll, expect, it } from 'vitest';
import { authority, client, type Made, server } from './support/authorities.ts';
import { refused } from './support/refused.ts';

let root: Made;
let own: Made;
beforeAll(async () => {
  root = await authority();
  own = await client(root);
});

/** All memory that is made of bytes while a call goes on. */
async function recorded(call: () => Promise<unknown>): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  const real = { alloc: Buffer.alloc, from: Buffer.from, array: Uint8Array.from };
  const recording =
    (make: (...given: never[]) => Uint8Array, of: object) =>
    (...given: never[]) => {
      const one = make.apply(of, given);
      made.push(one);
      return one;
    };
  Object.assign(Buffer, { alloc: recording(real.alloc, Buffer), from: recording(real.from, Buffer) });
  Object.assign(Uint8Array, { from: recording(real.array as never, Uint8Array) });
  try {
    await call();
  } finally {
    Object.assign(Buffer, { alloc: real.alloc, from: real.from });
    Object.assign(Uint8Array, { from: real.array });
  }
  return made;
}

/** Those in which something of the private key still stands. */
const holding = (made: readonly Uint8Array[], { key }: Made) =>
  made.filter((one) => Buffer.from(one.buffer, one.byteOffset, one.length).includes(key.split('\n')[2]!));

const optionsOf = (role: 'client' | 'server', one: Made, given: Uint8Array, behind = '') => ({
  role,
  certificate: { pem: one.pem + behind },
  key: { pem: given },
  ca: { pem: root.pem },
});

it("nothing of a client's key is left in memory, beyond what was given and OpenSSL has", async () => {
  const given = Buffer.from(own.key);
  const made = await recorded(() => createTlsOptions(optionsOf('client', own, given)));
  expect(made.length).toBeGreaterThan(0);
  expect(holding(made, own)).toEqual([]);
  expect(given.toString()).toBe(own.key);
});

/** OpenSSL's level of security is 1 in Node 22, which takes a key of 1024 bits, and 2 from 24 on. */
const isStrict = Number.parseInt(process.versions.node, 10) >= 24;

it.skipIf(!isStrict).each(['client', 'server'] as const)(
  'nor of a key of a %s that OpenSSL does not take (from Node 24 on)',
  async (role) => {
    const one = role === 'client' ? own : await server(root);
    // OpenSSL holds what stands behind the own certificate to its level of security.
    const weak = await authority({ name: 'CN=Weak', weak: true });
    const given = Buffer.from(one.key);
    const made = await recorded(() =>
      refused(
        () => createTlsOptions(optionsOf(role, one, given, weak.pem)),
        'CERTIFICATE_INVALID',
        'OpenSSL',
      ),
    );
    expect(holding(made, one)).toEqual([]);
  },
);
