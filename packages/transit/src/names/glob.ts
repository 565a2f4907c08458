import { greedyMatch, WeightsealError } from '@weightseal/core';

const MOST = 1024;
const SPECIAL = /[[\]{}\\]|^!/;
/** Names that say where to go, and not which; somewhere behind this a path may be made of them. */
const NO_NAMES: ReadonlySet<string> = new Set(['', '.', '..']);
/** What separates names elsewhere, or ends a text there. */
const NO_LETTERS = /[\\\0]/;

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
  // Who types a glob does not know in which of two ways a letter is written. What is asked for is compared as it is: it is served so, too.
  const parts = split(glob.normalize('NFC'));
  return (name) =>
    isNames(name) && greedyMatch(parts, split(name), (part) => part.join('') === '**', partMatches);
}

/** Whether every part of it is a name: `public/../private` matches nothing, whatever the glob. */
function isNames(text: string): boolean {
  return (
    typeof text === 'string' && !NO_LETTERS.test(text) && text.split('/').every((part) => !NO_NAMES.has(part))
  );
}

function split(text: string): string[][] {
  return text.split('/').map((part) => Array.from(part));
}

function partMatches(part: readonly string[], name: readonly string[]): boolean {
  return greedyMatch(
    part,
    name,
    (one) => one === '*',
    (one, char) => one === '?' || one === char,
  );
}
