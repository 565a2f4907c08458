import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HEAD } from '../../src/fleet/report.ts';
import { scenarios } from '../../src/fleet/scenarios.ts';

const rows = readFileSync(new URL('../../../../docs/peer-to-peer.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').slice(1, -1));
const cell = (cells: readonly string[] | undefined, name: string) => cells?.[HEAD.indexOf(name)]?.trim();

test.each(scenarios())('the table on paper is of $title as it is simulated', ({ title, least }) => {
  const row = rows.find(([first]) => first?.trim() === title);
  const seconds = (name: string) => Number(cell(row, name)?.replace(/[ ,s]/g, ''));
  expect(seconds('half')).toBeLessThanOrEqual(seconds('all'));
  if (least === undefined) return expect(cell(row, 'no faster than')).toBe('');
  expect(seconds('no faster than')).toBe(Math.round(least));
  expect(seconds('all')).toBeGreaterThanOrEqual(Math.floor(least));
});
