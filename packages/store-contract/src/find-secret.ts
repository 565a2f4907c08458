import { inspect } from 'node:util';

/** Errors cut long values short, so the start of a secret counts as the secret. Divisible by three for base64. */
const START_BYTES = 24;

/** How a log would show the error, and what a careless `JSON.stringify` of it or of its cause would. */
function renderings(error: unknown): readonly string[] {
  const texts = [String(error), inspect(error, { depth: 10 })];
  const seen = new Set<unknown>();
  const queue = [error];
  while (queue.length > 0) {
    const one = queue.pop();
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    for (const name of Object.getOwnPropertyNames(one)) {
      const value: unknown = Reflect.get(one, name);
      if (typeof value === 'string') texts.push(name, value);
      else if (ArrayBuffer.isView(value))
        texts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex'));
      else queue.push(value);
    }
    try {
      texts.push(JSON.stringify(one) ?? '');
    } catch {
      // A circle or a bigint: inspect has shown it.
    }
  }
  return texts;
}

/** The spellings in which bytes end up in a text; each without white space. */
function spellings(secret: Uint8Array): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(secret);
  const numbers = [...bytes];
  return [
    ['utf-8', bytes.toString('utf8')],
    ['latin-1', bytes.toString('latin1')],
    ['percent-encoded', encodeURIComponent(bytes.toString('latin1'))],
    ['hex', bytes.toString('hex')],
    ['base64', bytes.toString('base64').replace(/=+$/, '')],
    ['base64url', bytes.toString('base64url')],
    ['array', numbers.join(',')],
    ['object', numbers.map((byte, i) => `"${i}":${byte}`).join(',')],
  ].map(([name, text]) => [name!, text!.replace(/\s/g, '')] as const);
}

/** How the secret, or its first 24 bytes, can be read in what the error shows; undefined when it cannot. */
export function findSecret(error: unknown, secret: Uint8Array): string | undefined {
  const texts = renderings(error).flatMap((text) => {
    const packed = text.replace(/\s/g, '');
    return [packed, packed.toLowerCase()];
  });
  for (const bytes of [secret, secret.subarray(0, START_BYTES)]) {
    for (const [name, needle] of spellings(bytes)) {
      if (needle !== '' && texts.some((text) => text.includes(needle))) return name;
    }
  }
  return undefined;
}
