import { greedyMatch, WeightsealError } from '@weightseal/core';

// Globs over the names of models. They are whole names, since half of one would be somebody else's: `llama` means neither `acme/llama` nor `llama/evil`.

const MAX_GLOB = 1024;
const SPECIAL = /[[\]{}\\]|^!/;

/** Whether a name is one of those that the globs mean. */
export type NameMatcher = (name: string) => boolean;

/**
 * `*` and `?` stand for characters within a name, `**` as a whole name for any number of them, also none. `**` alone means every model, also one that has no name.
 *
 * @throws INVALID_ARGUMENT
 */
export function nameMatcher(globs: readonly string[]): NameMatcher {
  const read = globs.map(partsOf);
  return (name) => {
    const parts = split(name);
    return read.some((glob) => greedyMatch(glob, parts, (part) => part.join('') === '**', partMatches));
  };
}

function partsOf(glob: string): string[][] {
  const refused = (why: string) =>
    new WeightsealError(
      'INVALID_ARGUMENT',
      `The glob ${JSON.stringify(glob).slice(0, 200)} of \`model\` ${why}`,
    );
  if (typeof glob !== 'string' || glob === '') throw refused('is empty; ** means every model.');
  if (glob.length > MAX_GLOB) throw refused(`is longer than ${MAX_GLOB} characters.`);
  if (SPECIAL.test(glob))
    throw refused('has one of [ ] { } \\, or ! at its beginning, which are not offered.');
  return split(glob);
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
