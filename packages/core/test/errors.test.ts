import { readFileSync } from 'node:fs';
import { ERROR_CODES, isWeightsealError, WeightsealError } from '@weightseal/core';
import { describe, expect, it } from 'vitest';

const table = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

/** The codes under each heading of docs/errors.md. */
function documented(): [code: string, heading: string][] {
  return table.split(/^## /m).flatMap((section) => {
    const heading = section.split('\n', 1)[0] ?? '';
    return [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match): [string, string] => [
      match[1] ?? '',
      heading,
    ]);
  });
}

describe('error codes', () => {
  it('are in docs/errors.md, each once, under the heading of its class', () => {
    const rows = documented();
    expect(rows.map(([code]) => code).toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
    for (const [code, heading] of rows)
      expect(heading.split(', ')).toContain(ERROR_CODES[code as keyof typeof ERROR_CODES]);
  });

  it('come with a class, the cause, and a mark that another version of the package knows', () => {
    const cause = new Error('below');
    const error = new WeightsealError('NO_SPACE', 'Free some space.', { cause });
    expect(error).toMatchObject({
      code: 'NO_SPACE',
      class: 'io',
      cause,
      failures: [],
      name: 'WeightsealError',
    });
    const mark = { [Symbol.for('weightseal.error')]: true };
    expect(isWeightsealError(Object.assign(new Error('another'), mark, { code: 'A_NEWER_CODE' }))).toBe(true);
    for (const impostor of [mark, { ...mark, code: 3 }, Object.assign(new Error('no code'), mark)])
      expect(isWeightsealError(impostor)).toBe(false);
    expect(isWeightsealError(cause)).toBe(false);
    expect(JSON.stringify(error)).not.toContain('weightseal.error');
  });
});
