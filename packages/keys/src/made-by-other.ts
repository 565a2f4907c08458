import { checkOptions, isWeightsealError, WeightsealError, within } from '@weightseal/core';
import { sourceOf } from './other-provider.js';
import { OF_SIGNERS, type Words } from './words.js';

/** For a module to load and to make something, which asks nobody: what has not done so then never will. */
const READY_MS = 30_000;

/** @hidden */
export interface GivenToOther {
  /** Whatever `providers` has for the scheme. */
  readonly given: unknown;
  /** What is said of this one: it must be known to the provider, beside the names in `always`. */
  readonly own?: object | undefined;
  /** What is said of all, and goes to a provider that knows it. */
  readonly shared?: Readonly<Record<string, unknown>> | undefined;
  /** What every provider has to know. */
  readonly always?: Readonly<Record<string, unknown>> | undefined;
}

/** @hidden */
export interface MadeByOther {
  /** Whatever that is: it is checked next. */
  readonly made: unknown;
  /** How a sentence about the provider begins. */
  readonly whose: string;
}

/**
 * What somebody else's provider makes of a URI. This runs its code, with all that the process may do.
 *
 * @throws PROVIDER_MISSING, PROVIDER_INVALID, INVALID_ARGUMENT, and what the provider says with a code
 * @hidden
 */
export async function madeByOther(
  words: Words,
  scheme: string,
  uri: string,
  to: GivenToOther,
): Promise<MadeByOther> {
  const limits = { signal: undefined, deadlineMs: READY_MS, doing: `load the provider of ${scheme}:` };
  return within(limits, () => make(words, scheme, uri, to)).catch((error) => {
    throw isWeightsealError(error) && error.code === 'KEY_TIMEOUT' ? neverReady(words, scheme, error) : error;
  });
}

async function make(
  words: Words,
  scheme: string,
  uri: string,
  { given, own = {}, shared = {}, always = {} }: GivenToOther,
): Promise<MadeByOther> {
  const source = sourceOf(scheme, given, words);
  const { loadProvider } = await import('./load-provider.js');
  const { provider, whose } = await loadProvider(scheme, source, words);
  const said = { ...own, ...source.options };
  checkOptions(said, [...provider.options, ...Object.keys(always)], whose);
  const wanted = Object.entries(shared).filter(([name]) => provider.options.includes(name));
  const all = Object.entries({ ...always, ...Object.fromEntries(wanted) }).filter(
    ([, one]) => one !== undefined,
  );
  try {
    const options = { ...Object.fromEntries(all), ...said };
    if (words !== OF_SIGNERS) return { made: await provider.fromUri(uri, options), whose };
    if (typeof provider.signerFromUri !== 'function') throw signsNothing(whose, scheme);
    return { made: await provider.signerFromUri(uri, options), whose };
  } catch (cause) {
    if (isWeightsealError(cause)) throw cause;
    throw new WeightsealError(
      'PROVIDER_INVALID',
      `${whose} made no ${words.one} of ${scheme}: and did not say why: what it threw has no code. It is the cause; tell whoever wrote the provider.`,
      { cause },
    );
  }
}

function signsNothing(whose: string, scheme: string): WeightsealError {
  return new WeightsealError(
    'PROVIDER_INVALID',
    `${whose} has keys of ${scheme}: that wrap, and none that sign. It needs \`signerFromUri\` beside \`fromUri\` (weightseal help own-provider).`,
  );
}

function neverReady({ one, many }: Words, scheme: string, cause: unknown): WeightsealError {
  return new WeightsealError(
    'PROVIDER_INVALID',
    `The provider of ${many} of ${scheme}: has neither loaded nor made a ${one} after ${READY_MS / 1000} s. It has to do both without asking anybody; tell whoever wrote it.`,
    { cause },
  );
}
