import { rewrap } from '@weightseal/core';
import { changeOf, recipientLines } from '../recipients.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { pathOf } from '../values.js';

export async function run(args: Args, { signal }: Session): Promise<Result> {
  const path = pathOf(args, 'rewrap');
  const rewrapped = await rewrap(path, { ...(await changeOf(args)), grow: args.has('grow'), signal });
  return {
    value: { path, ...rewrapped },
    lines: [`rewrapped ${quote(path)}; these keys open it now:`, ...recipientLines(rewrapped)],
  };
}
