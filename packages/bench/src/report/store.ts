import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Result } from '../result.ts';
import { barGroups } from './bars.ts';
import { withResults } from './markdown.ts';
import { renderSvg } from './svg.ts';

const RESULTS = new URL('../../results/', import.meta.url);
const DOCUMENT = new URL('../../../../docs/performance.md', import.meta.url);
const PLOT = new URL('../../../../docs/performance.svg', import.meta.url);

export function keep(result: Result): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(fileOf(result.name), `${JSON.stringify(rounded(result), undefined, 2)}\n`);
}

/** Writes docs/performance.md and its plot from what is kept. */
export function renderDocument(names: readonly string[]): void {
  const results = names
    .map(fileOf)
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Result);
  writeFileSync(DOCUMENT, withResults(readFileSync(DOCUMENT, 'utf8'), results));
  const groups = barGroups(results);
  if (groups.length > 0) writeFileSync(PLOT, renderSvg(groups));
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`${name}.json`, RESULTS));
}

/** Nanoseconds say nothing. */
function rounded(result: Result): Result {
  const round = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  return JSON.parse(JSON.stringify(result, round)) as Result;
}
