import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { assertSameBytes } from '../check.js';
import type { SignerCase } from './types.js';
import { holds, knownKey } from './verify.js';

/** A manifest of very many files. */
const LONG_BYTES = 5 * 1024 * 1024;
const PARALLEL = 20;

/** In memory of its own, and not in Node's pool. */
function someBytes(length: number): Uint8Array {
  return Uint8Array.from(randomBytes(length));
}

export const signingCases: readonly SignerCase[] = [
  {
    title: 'its URI names its provider and carries no credentials',
    async run({ signer: { provider, uri } }) {
      assert.match(provider, /^[a-z][a-z0-9+.-]*$/, 'the provider is no scheme of a URI');
      assert.ok(uri.startsWith(`${provider}:`), 'the URI does not start with the provider');
      assert.doesNotMatch(uri, /^[^:]*:\/\/[^/?]*@/, 'the URI has user information');
    },
  },
  {
    title: 'its public key is one that others know',
    async run({ signer }) {
      const publicKey = await signer.publicKey();
      const { key } = knownKey(publicKey);
      const spelling = Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
      assertSameBytes(publicKey, spelling, 'it is not the DER that OpenSSL writes of the same key');
    },
  },
  ...[0, 1, LONG_BYTES].map(
    (length) =>
      ({
        title: `a signature of ${length} bytes holds, by others' measure`,
        async run({ signer }) {
          const message = someBytes(length);
          const signature = await signer.sign(message);
          assert.ok(
            holds(await signer.publicKey(), message, signature),
            'OpenSSL does not take the signature',
          );
        },
      }) satisfies SignerCase,
  ),
  {
    title: 'a signature holds for its bytes only',
    async run({ signer }) {
      const message = someBytes(300);
      const signature = await signer.sign(message);
      const publicKey = await signer.publicKey();
      assert.ok(holds(publicKey, message, signature), 'OpenSSL does not take the signature');
      for (let i = 0; i < message.length; i++) {
        const changed = Uint8Array.from(message);
        changed[i]! ^= 1 << (i % 8);
        assert.ok(!holds(publicKey, changed, signature), `it holds with byte ${i} of the message changed`);
      }
      const other = await signer.sign(someBytes(300));
      assert.ok(!holds(publicKey, message, other), 'the signature of other bytes holds');
    },
  },
  {
    title: 'its public key is the same each time, and the caller’s alone',
    async run({ signer }) {
      const first = await signer.publicKey();
      const kept = Uint8Array.from(first);
      first.fill(0);
      await signer.sign(someBytes(32));
      assertSameBytes(await signer.publicKey(), kept, 'the public key changed');
    },
  },
  {
    title: 'its public key is asked for once, by many calls at once too',
    needs: ['asked'],
    async run({ signer, asked }) {
      const calls = Array.from({ length: PARALLEL }, (_, i) =>
        i % 2 === 0 ? signer.publicKey() : signer.sign(someBytes(i)),
      );
      await Promise.all(calls);
      await signer.sign(someBytes(32));
      await signer.publicKey();
      assert.equal(asked(), 1, 'the backend was not asked once for the public key');
    },
  },
  {
    title: 'sign changes nothing of what it is given, and the signature is the caller’s alone',
    async run({ signer }) {
      const message = someBytes(100);
      const kept = Uint8Array.from(message);
      const first = await signer.sign(message);
      const signature = Uint8Array.from(first);
      assertSameBytes(message, kept, 'sign changed the message');
      first.fill(0);
      const again = await signer.sign(message);
      assert.ok(holds(await signer.publicKey(), kept, again), 'the second signature does not hold');
      again.fill(0);
      assert.ok(holds(await signer.publicKey(), kept, signature), 'the first signature does not hold');
    },
  },
  {
    title: `${PARALLEL} messages at once do not get mixed up`,
    async run({ signer }) {
      const publicKey = await signer.publicKey();
      const work = Array.from({ length: PARALLEL }, async (_, i) => {
        const message = someBytes(i);
        const signature = await signer.sign(message);
        assert.ok(holds(publicKey, message, signature), 'a signature is of another message');
      });
      await Promise.all(work);
    },
  },
];
