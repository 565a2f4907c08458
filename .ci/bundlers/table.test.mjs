import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documented, ROWS } from './rows.mjs';

test('the table of docs/bundling.md has the rows that .ci/bundlers.mjs runs, and no other', () => {
  const table = readFileSync(new URL('../../docs/bundling.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1);
  assert.deepEqual(table, ROWS.map(documented));
});
