import { readFile } from 'node:fs/promises';
import { WeightsealError } from '@weightseal/core';
import { wipe } from './wipe.js';

const REPLACEMENT = '\ufffd';

/**
 * The bytes of a variable of the environment. Node gives variables as text, in which all bytes that are not UTF-8 are one and the same
 * character: where that one is there, the bytes that the process was started with tell whether it was meant.
 *
 * @throws PASSPHRASE_REQUIRED for what is not UTF-8, or may not be
 */
export async function variableBytes(name: string): Promise<Uint8Array | undefined> {
  const value = process.env[name];
  if (!value) return undefined;
  const bytes = Buffer.from(value, 'utf8');
  if (!value.includes(REPLACEMENT) || (await startedWith(name, bytes))) return bytes;
  wipe(bytes);
  throw new WeightsealError(
    'PASSPHRASE_REQUIRED',
    `The passphrase in ${name} cannot be used: it is not UTF-8. Set it as UTF-8: of other encodings, several texts would become one and the same.`,
  );
}

/** Whether these very bytes are what the process was started with; Linux tells. */
async function startedWith(name: string, bytes: Uint8Array): Promise<boolean> {
  const started = await readFile('/proc/self/environ').catch(() => Buffer.alloc(0));
  const entry = Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.of(0)]);
  const at = started.indexOf(entry);
  const found = at === 0 || (at > 0 && started[at - 1] === 0);
  wipe(started, entry);
  return found;
}
