import type { Result } from '../result.ts';
import { CHECK_HEAD, checkRow, type Row, TIMING_HEAD, timingRow } from './format.ts';

/** The result as it is shown in a terminal. */
export function renderText({ title, timings, checks, notes }: Result): string {
  return [
    `\n${title}`,
    ...(timings.length > 0 ? table([TIMING_HEAD, ...timings.map(timingRow)]) : []),
    ...(checks.length > 0 ? table([CHECK_HEAD, ...checks.map(checkRow)]) : []),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

function table(rows: readonly Row[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: Row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return rows.map((row) => `  ${line(row).trimEnd()}`);
}
