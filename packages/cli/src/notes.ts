import type { Context } from '@weightseal/core';
import { pairs } from './text.js';

/** For those who may believe that the context was checked. */
export function uncheckedContext(context: Context): string | undefined {
  if (Object.keys(context).length === 0) return undefined;
  return `the context was not checked; it is ${pairs(context)}. Give --context to have it checked.`;
}
