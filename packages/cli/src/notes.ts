import type { Context, Opened } from '@weightseal/core';
import { write } from './output.js';
import { pairs, printable } from './text.js';
import type { Args } from './types.js';

/** Tells a person something, on standard error. Every note goes through here. */
export function tellNote(text: string): void {
  try {
    write(2, `weightseal: note: ${printable(text)}\n`);
  } catch {
    // Nobody reads it, and neither the work nor a command that runs hangs on it.
  }
}

/** Tells what should be known before the work is done. */
export function note(args: Args, text: string): void {
  if (!args.has('quiet') && !args.has('json')) tellNote(text);
}

/** For those who may believe that each byte of the file counts. */
export function unequalCopies({ otherCopy }: Opened): string | undefined {
  if (otherCopy === undefined) return undefined;
  return (
    `copy ${otherCopy.name} of the envelope (${otherCopy.length} bytes at ${otherCopy.offset}) is not the same as the one in use, and nothing authenticates it: ` +
    'it was damaged, or a rewrap was cut off. `weightseal rewrap` mends it; --strict makes it an error.'
  );
}

/** For those who may believe that a digest was compared. */
export function noDigest({ digest, digestVerified }: Opened): string | undefined {
  if (digest !== undefined || digestVerified) return undefined;
  return 'the file was sealed without a digest, so none was compared; every segment was authenticated.';
}

/** For those who may believe that the context was checked; without an argument where nobody knows it. */
export function uncheckedContext(context?: Context, what: 'file' | 'bundle' = 'file'): string {
  if (context === undefined)
    return 'the context was not checked; `inspect` shows it. Give --context to have it checked.';
  if (Object.keys(context).length === 0)
    return `no context was checked; the ${what} has none. Seal with --context to bind a ${what} to what it is.`;
  return `the context was not checked; it is ${pairs(context)}. Give --context to have it checked.`;
}
