import { inspect } from 'node:util';

/** Errors cut long values short, so the start of a secret counts as the secret. Divisible by three for base64. */
const START_BYTES = 24;

const EVERYTHING = {
  depth: Number.POSITIVE_INFINITY,
  showHidden: true,
  maxArrayLength: null,
  maxStringLength: null,
  breakLength: Number.POSITIVE_INFINITY,
} as const;

/** Whether the secret, or its first 24 bytes, can be read in anything that the error holds. */
export function holdsSecret(error: unknown, secret: Uint8Array): boolean {
  const shown = inspect(error, EVERYTHING).replace(/\s/g, '');
  const lower = shown.toLowerCase();
  return [secret, secret.subarray(0, START_BYTES)].some((bytes) => {
    const buffer = Buffer.from(bytes);
    return (
      lower.includes(buffer.toString('hex')) ||
      shown.includes(buffer.toString('base64').replace(/=+$/, '')) ||
      shown.includes(buffer.toString('base64url')) ||
      shown.includes([...bytes].join(',')) ||
      shown.includes(buffer.toString('utf8').replace(/\s/g, ''))
    );
  });
}
