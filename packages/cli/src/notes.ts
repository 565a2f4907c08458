import type { Context } from '@weightseal/core';
import { write } from './output.js';
import { pairs, printable } from './text.js';
import type { Args } from './types.js';

/** Tells a person, on standard error, what he should know before the work is done. */
export function note(args: Args, text: string): void {
  if (args.has('quiet') || args.has('json')) return;
  try {
    write(2, `weightseal: note: ${printable(text)}\n`);
  } catch {
    // Nobody reads it, and the work does not hang on it.
  }
}

/** For those who may believe that the context was checked; without an argument where nobody knows it. */
export function uncheckedContext(context?: Context): string {
  if (context === undefined)
    return 'the context was not checked; `inspect` shows it. Give --context to have it checked.';
  if (Object.keys(context).length === 0)
    return 'no context was checked; the file has none. Seal with --context to bind a file to what it is.';
  return `the context was not checked; it is ${pairs(context)}. Give --context to have it checked.`;
}
