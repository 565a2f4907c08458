import { greedyMatch, WeightsealError } from '@weightseal/core';

const MOST = 1024;
const SPECIAL = /[[\]{}\\]|^!/;

/**
 * Globs as policies of releases have them (docs/trust.md): `*` and `?` stand for characters within a name, `**` as a whole name for any number of names.
 *
 * @throws INVALID_ARGUMENT
 */
export function globOf(glob: string, what: string): (name: string) => boolean {
  const refused = (why: string) =>
    new WeightsealError(
      'INVALID_ARGUMENT',
      `The glob ${JSON.stringify(glob).slice(0, 200)} of ${what} ${why}.`,
    );
  if (glob === '') throw refused('is empty; ** means all');
  if (glob.length > MOST) throw refused(`is longer than ${MOST} characters`);
  if (SPECIAL.test(glob))
    throw refused('has one of [ ] { } \\, or ! at its beginning, which are not offered');
  const parts = split(glob);
  return (name) => greedyMatch(parts, split(name), (part) => part.join('') === '**', partMatches);
}

/** Letters that can be written in two ways are one: who types a name does not know which it is. */
function split(text: string): string[][] {
  return text
    .normalize('NFC')
    .split('/')
    .map((part) => Array.from(part));
}

function partMatches(part: readonly string[], name: readonly string[]): boolean {
  return greedyMatch(
    part,
    name,
    (one) => one === '*',
    (one, char) => one === '?' || one === char,
  );
}
