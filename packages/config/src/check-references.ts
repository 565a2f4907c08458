import { didYouMean } from '@weightseal/core';
import { KEY_SCHEMES, SCHEMES_BY_HOST, schemeMeant, schemeOf } from '@weightseal/keys';
import type { Effective, Text } from './effective.js';
import { hasReference } from './interpolate.js';
import { listed } from './listed.js';
import { readGlob } from './read-glob.js';
import { configInvalid, MOST_TOLD, type Problem, type Source } from './source.js';

/**
 * Every name must be a key's, every URI of a known scheme, and every glob one that can match.
 *
 * @param more schemes of keys that a caller brings providers for
 * @param interpolated whether the environment has been put in; where it has not, texts that wait for it are passed over
 * @throws CONFIG_INVALID
 */
export function checkReferences(
  source: Source,
  found: Effective,
  interpolated: boolean,
  more: readonly string[],
): void {
  const uriProblem = (text: Text) => uriProblemIn(text, schemes);
  const names = new Set(found.keys.keys());
  const schemes = [...KEY_SCHEMES, ...found.providers.keys(), ...more];
  const problems: Problem[] = [];
  const check = (texts: readonly Text[], problem: (text: Text) => string | undefined): void => {
    for (const text of texts) {
      if (problems.length >= MOST_TOLD) return;
      const told = interpolated || !hasReference(text.raw) ? problem(text) : undefined;
      if (told !== undefined) problems.push({ path: text.at, text: told });
    }
  };
  check(
    [...found.keys.values()].map(({ uri }) => uri),
    uriProblem,
  );
  for (const { uri, formerUris = [] } of found.keys.values())
    check(formerUris, (text) => uriProblem(text) ?? formerProblem(text, schemeOf(uri.value)));
  check([...found.recipients.flatMap(({ keys }) => keys), ...(found.open ?? [])], (text) =>
    schemeOf(text.value) === undefined ? nameProblem(text, names) : uriProblem(text),
  );
  check(
    found.recipients.flatMap(({ path = [] }) => path),
    (text) => globProblem(text, globsOf(source)),
  );
  if (problems.length > 0) throw configInvalid(source, problems);
}

function uriProblemIn({ value }: Text, schemes: readonly string[]): string | undefined {
  const scheme = schemeOf(value);
  if (scheme === undefined) return `is not a key URI, which starts with its scheme: ${known(schemes)}.`;
  if (schemes.includes(scheme)) return undefined;
  const meant = schemeMeant(scheme, schemes);
  return `is of no provider${meant === undefined ? `; known are ${known(schemes)}.` : `; did you mean ${meant}?`}`;
}

/** @param own the scheme of the key; undefined where that waits for the environment */
function formerProblem({ value }: Text, own: string | undefined): string | undefined {
  const byHost: readonly string[] = SCHEMES_BY_HOST;
  const scheme = schemeOf(value)!;
  // What other providers know is theirs to say, when one of their keys is used.
  const wrong = [own ?? scheme, scheme].find((one) => isOurs(one) && !byHost.includes(one));
  if (wrong !== undefined)
    return `cannot be: keys of ${wrong}: have one URI; only those of ${known(SCHEMES_BY_HOST)} are named by a host, which may change.`;
  return own === undefined || own === scheme
    ? undefined
    : `is of ${scheme}:, and the key of ${own}:, so that they are not the same key.`;
}

function isOurs(scheme: string): boolean {
  return (KEY_SCHEMES as readonly string[]).includes(scheme);
}

/** What came out of the environment is not repeated. */
function nameProblem({ value, raw }: Text, names: ReadonlySet<string>): string | undefined {
  if (names.has(value)) return undefined;
  const told = hasReference(raw) ? 'names no key' : `names ${JSON.stringify(value)}, which is no key`;
  return `${told}${didYouMean(value, names) || `; the keys are ${listed(names) || 'none'}.`}`;
}

/** Those of the configuration itself count in every profile that has none of its own. */
const globs = new WeakMap<Source, Map<string, string | undefined>>();

function globsOf(source: Source): Map<string, string | undefined> {
  const known = globs.get(source) ?? new Map<string, string | undefined>();
  globs.set(source, known);
  return known;
}

/** A glob that matches nothing is no mere slip: what it is about is sealed for those of a later rule. */
function globProblem({ value }: Text, known: Map<string, string | undefined>): string | undefined {
  if (value.startsWith('!') && !value.startsWith('!('))
    return 'starts with !, which is not offered; put a rule for what is excepted before this one.';
  if (known.has(value)) return known.get(value);
  const glob = readGlob(value);
  const problem = typeof glob === 'string' ? glob : undefined;
  known.set(value, problem);
  return problem;
}

function known(schemes: readonly string[]): string {
  return schemes.map((scheme) => `${scheme}:`).join(', ');
}
