import type { SummaryLayer } from '@weightseal/config';
import type { Context } from '@weightseal/core';
import { pairs, printable, quote } from './text.js';

/** What a configuration says of a key besides its URI, to the end of a line. */
export function more({
  formerUris = [],
  deadlineMs,
}: {
  readonly formerUris?: readonly string[] | undefined;
  readonly deadlineMs?: number | undefined;
}): string {
  const former = formerUris.length > 0 ? `, formerly ${formerUris.map(quote).join(', ')}` : '';
  return `${former}${deadlineMs === undefined ? '' : `, ${deadlineMs} ms`}`;
}

/** What the context of a rule sets, and what it wants to be given, to the end of a line. */
export function bound(context: Context, requiredContext: readonly string[]): string {
  const said = [
    ...(Object.keys(context).length > 0 ? [pairs(context)] : []),
    ...requiredContext.map((name) => `${quote(name)}: as given`),
  ];
  return said.length > 0 ? `; context ${said.join(', ')}` : '';
}

export type SummaryProvider = NonNullable<SummaryLayer['providers']>[number];

/** Whose code is run for the keys and stores of a scheme, to the end of a line. */
export function runs({
  scheme,
  module,
  options,
}: Omit<SummaryProvider, 'options'> & Partial<SummaryProvider>): string {
  const given = options === undefined ? '' : `, with ${printable(JSON.stringify(options))}`;
  return `${quote(module)} for keys and stores of ${printable(scheme)}:${given}`;
}
