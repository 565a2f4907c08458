import type { Result } from '../result.ts';
import { table, withBlock } from './block.ts';
import { CHECK_HEAD, checkRow, TIMING_HEAD, timingRow } from './format.ts';

const START = '<!-- results: written by `pnpm bench --write` -->';
const END = '<!-- end of results -->';

/** The document with what stands between the markers replaced. */
export function withResults(document: string, results: readonly Result[]): string {
  return withBlock(document, START, END, [targets(results), ...results.map(details)].join('\n\n'));
}

function targets(results: readonly Result[]): string {
  const rows = results.flatMap(({ checks }) => checks.map(checkRow));
  return `### Targets\n\n${machines(results)}\n\n${table(CHECK_HEAD, rows)}`;
}

function machines(results: readonly Result[]): string {
  const all = results.map(({ environment }) => {
    const { processor, processors, memory, kernel, node } = environment;
    return `${processors} × ${processor}, ${memory}, Linux ${kernel}, Node ${node}`;
  });
  return `Measured on ${[...new Set(all)].join('; and on ')}.`;
}

function details({ title, timings, notes }: Result): string {
  const parts = [`### ${title}`];
  if (timings.length > 0) parts.push(table(TIMING_HEAD, timings.map(timingRow)));
  if (notes.length > 0) parts.push(notes.join('\n'));
  return timings.length + notes.length > 0 ? parts.join('\n\n') : '';
}
