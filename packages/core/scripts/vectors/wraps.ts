// Wraps of key files and passphrases, as FORMAT.md's appendix A has them: written here from that text, and not by the providers, which a
// test holds against it.
import { createCipheriv, createHash, createHmac, scryptSync } from 'node:crypto';
import { concat, lengthPrefixed, u32, utf8 } from '../../src/format/bytes.js';
import { encodeContext } from '../../src/format/context.js';
import { derived } from './positive.js';
import type { WrapVector } from './types.js';

const DATA_KEY = derived('wraps data key', 32);
const ID = derived('wraps key id', 16);
const SALT = derived('wraps salt', 32);
const VERSIONS = [1, 2, 9] as const;
const CONTEXT = { model: 'llama-für-alle', version: '3.1' };
const LOCAL = utf8('weightseal/local/wrap/1');
const PASSPHRASE = utf8('weightseal/passphrase/wrap/1');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secret = (version: number): Uint8Array => derived(`wraps key version ${version}`, 32);

const KEY_FILE = ((): string => {
  const lines = [
    '# weightseal key file: opens all that it sealed. Keep it secret, and keep a copy in a safe place.',
    'weightseal-key 1',
    `id ${hex(ID)}`,
    ...VERSIONS.map((version) => `key ${version} 2026-0${version}-02T03:04:05Z ${hex(secret(version))}`),
  ];
  const text = lines.map((line) => `${line}\n`).join('');
  return `${text}check ${createHash('sha256').update(text).digest('hex')}\n`;
})();

/** A.2: salt, ciphertext and tag. */
function body(kek: Uint8Array, label: Uint8Array, bound: Uint8Array): Uint8Array {
  const okm = createHmac('sha384', kek)
    .update(concat(label, SALT, Uint8Array.of(1)))
    .digest();
  const cipher = createCipheriv('aes-256-gcm', okm.subarray(0, 32), okm.subarray(32, 44));
  cipher.setAAD(concat(label, bound));
  return concat(SALT, cipher.update(DATA_KEY), cipher.final(), cipher.getAuthTag());
}

const local = (version: number): Uint8Array =>
  concat(
    Uint8Array.of(1),
    body(secret(version), LOCAL, concat(lengthPrefixed(ID), u32(version), encodeContext(CONTEXT))),
  );

const WORDS = utf8('correct horse é battery');
const passphrase = (logN: number, r: number, p: number): Uint8Array => {
  const head = Uint8Array.of(1, logN, r, p);
  const kek = scryptSync(WORDS, SALT, 32, { N: 2 ** logN, r, p, maxmem: 2 ** 28 });
  return concat(head, body(kek, PASSPHRASE, concat(head, encodeContext(CONTEXT))));
};

type Change = Partial<WrapVector['slot'] & { readonly context: Record<string, string>; passphrase: string }>;

function wrap(
  provider: WrapVector['provider'],
  slot: WrapVector['slot'],
): (name: string, comment: string, change?: Change) => WrapVector {
  return (name, comment, change) => {
    const { context = CONTEXT, passphrase: words = hex(WORDS), ...changes } = change ?? {};
    return {
      name: `${provider}-${name}`,
      comment,
      provider,
      ...(provider === 'local' ? { keyFile: KEY_FILE } : { passphrase: words }),
      context,
      slot: { ...slot, ...changes },
      ...(change === undefined ? { dataKey: hex(DATA_KEY) } : { code: 'UNWRAP_REJECTED' }),
    };
  };
}

const flipped = (bytes: Uint8Array, at: number): string => {
  const out = bytes.slice();
  out[at]! ^= 1;
  return hex(out);
};
const put = (bytes: Uint8Array, at: number, value: number): string => hex(bytes.with(at, value));

export function wrapVectors(): WrapVector[] {
  const nine = local(9);
  const version = (number: number | string): string => `${hex(ID)}/${number}`;
  const ofFile = wrap('local', { algorithm: 'AES-256-GCM', version: version(9), wrapped: hex(nine) });
  const first = { algorithm: 'AES-256-GCM', version: version(1), wrapped: hex(local(1)) };
  const small = passphrase(14, 8, 1);
  const spoken = { algorithm: 'scrypt-AES-256-GCM', version: '' };
  const ofWords = wrap('passphrase', { ...spoken, wrapped: hex(small) });
  return [
    ofFile('newest', 'The newest version of a key file.'),
    wrap('local', first)('oldest', 'The oldest version, which still opens.'),
    ofFile('algorithm', 'Another algorithm than this provider has.', { algorithm: 'AES-256-GCM-SIV' }),
    ofFile('algorithm-empty', 'No algorithm.', { algorithm: '' }),
    ofFile('version-empty', 'No version.', { version: '' }),
    ofFile('version-other', 'Another version than the one that wrapped.', { version: version(2) }),
    ofFile('version-missing', 'A version that the key file does not have.', { version: version(3) }),
    ofFile('version-zeros', 'A version with a leading zero.', { version: version('09') }),
    ofFile('version-newline', 'A version with something after it.', { version: version('9 ') }),
    ofFile('id-upper-case', "The key's id in upper case.", { version: version(9).toUpperCase() }),
    ofFile('id-other', "Another key's id.", { version: `${hex(derived('another id', 16))}/9` }),
    ofFile('context', 'Another context than the one that it was wrapped with.', {
      context: { model: 'other' },
    }),
    ofFile('blob-version', 'Another version of the layout.', { wrapped: put(nine, 0, 2) }),
    ofFile('salt', 'A bit of the salt.', { wrapped: flipped(nine, 1) }),
    ofFile('ciphertext', 'A bit of the ciphertext.', { wrapped: flipped(nine, 33) }),
    ofFile('tag', 'A bit of the tag.', { wrapped: flipped(nine, 80) }),
    ofFile('short', 'A byte less.', { wrapped: hex(nine.slice(0, -1)) }),
    ofFile('long', 'A byte more.', { wrapped: `${hex(nine)}00` }),
    ofWords('small', 'The least N.'),
    wrap('passphrase', { ...spoken, wrapped: hex(passphrase(15, 1, 4)) })(
      'odd',
      'The least r, the largest p.',
    ),
    ofWords('algorithm', 'Another algorithm than this provider has.', { algorithm: 'AES-256-GCM' }),
    ofWords('words', 'Another passphrase.', { passphrase: hex(utf8('correct horse e battery')) }),
    ofWords('context', 'Another context than the one that it was wrapped with.', { context: {} }),
    ofWords('blob-version', 'Another version of the layout.', { wrapped: put(small, 0, 2) }),
    ofWords('n-small', 'N below its limit: refused without any work.', { wrapped: put(small, 1, 13) }),
    ofWords('n-large', 'N beyond its limit: refused without any work.', { wrapped: put(small, 1, 21) }),
    ofWords('r-zero', 'r below its limit.', { wrapped: put(small, 2, 0) }),
    ofWords('r-large', 'r beyond its limit.', { wrapped: put(small, 2, 17) }),
    ofWords('p-zero', 'p below its limit.', { wrapped: put(small, 3, 0) }),
    ofWords('p-large', 'p beyond its limit.', { wrapped: put(small, 3, 5) }),
    ofWords('work', 'Each within its limit, and together over 1 GiB: refused without any work.', {
      wrapped: hex(small.with(1, 20).with(2, 16)),
    }),
    ofWords('tag', 'A bit of the tag.', { wrapped: flipped(small, 83) }),
    ofWords('short', 'A byte less.', { wrapped: hex(small.slice(0, -1)) }),
  ];
}
