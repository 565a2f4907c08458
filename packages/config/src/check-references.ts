import { KEY_SCHEMES, schemeOf } from '@weightseal/keys';
import type { Effective, Text } from './effective.js';
import { hasReference } from './interpolate.js';
import { didYouMean } from './nearest.js';
import { configInvalid, type Problem, type Source } from './source.js';

export interface Stage {
  /** Whether the environment has been put in; where it has not, texts that wait for it are passed over. */
  readonly interpolated: boolean;
  /** Whether somebody named the configuration; else it was only found. */
  readonly named: boolean;
}

/**
 * Every name must be a key's, every URI of a known scheme, and every glob one that can match.
 *
 * @throws CONFIG_INVALID
 */
export function checkReferences(source: Source, found: Effective, { interpolated, named }: Stage): void {
  const uriProblem = (text: Text) => problemOf(text) ?? (named ? undefined : programProblem(text));
  const names = [...found.keys.keys()];
  const check = (texts: readonly Text[], problem: (text: Text) => string | undefined): Problem[] =>
    texts
      .filter(({ raw }) => interpolated || !hasReference(raw))
      .flatMap((text) => {
        const told = problem(text);
        return told === undefined ? [] : [{ path: text.at, text: told }];
      });
  const problems = [
    ...check(
      [...found.keys.values()].map(({ uri }) => uri),
      uriProblem,
    ),
    ...check([...found.recipients.flatMap(({ keys }) => keys), ...(found.open ?? [])], (text) =>
      schemeOf(text.value) === undefined ? nameProblem(text, names) : uriProblem(text),
    ),
    ...check(
      found.recipients.flatMap(({ path = [] }) => path),
      globProblem,
    ),
  ];
  if (problems.length > 0) throw configInvalid(source, problems);
}

/** A PKCS#11 module is native code, which a configuration that came with a downloaded model must not choose. */
function programProblem({ value }: Text): string | undefined {
  if (schemeOf(value) !== 'pkcs11' || !/[?&]module-/i.test(value)) return undefined;
  return 'names a module to load, and the configuration was only found. Name the module by WEIGHTSEAL_PKCS11_MODULE, or the configuration by --config or WEIGHTSEAL_CONFIG.';
}

function problemOf({ value }: Text): string | undefined {
  const scheme = schemeOf(value);
  if (scheme === undefined) return `is not a key URI, which starts with its scheme: ${known(KEY_SCHEMES)}.`;
  if ((KEY_SCHEMES as readonly string[]).includes(scheme)) return undefined;
  const hint = didYouMean(scheme, KEY_SCHEMES);
  return `is of no provider${hint || `; known are ${known(KEY_SCHEMES)}.`}`;
}

/** What came out of the environment is not repeated. */
function nameProblem({ value, raw }: Text, names: readonly string[]): string | undefined {
  if (names.includes(value)) return undefined;
  const told = hasReference(raw) ? 'names no key' : `names ${JSON.stringify(value)}, which is no key`;
  return `${told}${didYouMean(value, names) || `; the keys are ${names.join(', ') || 'none'}.`}`;
}

/** A glob that matches nothing is no mere slip: what it is about is sealed for those of a later rule. */
function globProblem({ value }: Text): string | undefined {
  if (value === '')
    return 'is an empty glob, which matches nothing; leave out `path` for a rule that matches everything.';
  if (value.endsWith('/'))
    return 'ends with /, and so matches no file; write ** after it for all that is in the directory.';
  if (!value.startsWith('!')) return undefined;
  return 'starts with !, which is not offered; put a rule for what is excepted before this one.';
}

function known(schemes: readonly string[]): string {
  return schemes.map((scheme) => `${scheme}:`).join(', ');
}
