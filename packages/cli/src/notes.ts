import type { Context } from '@weightseal/core';
import { pairs } from './text.js';

/** For those who may believe that the context was checked; without an argument where nobody knows it. */
export function uncheckedContext(context?: Context): string {
  if (context === undefined)
    return 'the context was not checked; `inspect` shows it. Give --context to have it checked.';
  if (Object.keys(context).length === 0)
    return 'no context was checked; the file has none. Seal with --context to bind a file to what it is.';
  return `the context was not checked; it is ${pairs(context)}. Give --context to have it checked.`;
}
