import { didYouMean, type KeyWrapper, type Signer, WeightsealError } from '@weightseal/core';
import type { Contents } from './import-trusted.js';
import { KEY_SCHEMES, type KeyFactory, type KeyScheme, OUR_SCHEMES } from './providers.js';
import { OF_KEYS, OF_SIGNERS, type Words } from './words.js';

/** A module of keys, as `import` gives it: one of its exports is a provider, under whatever name. */
export type ProviderModule = Readonly<Record<string, unknown>>;

/** A provider of keys, or of stores: both have this form. */
export interface AnyProvider {
  readonly scheme: string;
  readonly options: readonly string[];
  fromUri(uri: string, options: object): unknown;
  /** Of a provider of keys, where they sign. */
  signerFromUri?(uri: string, options: object): unknown;
}

/** Where the keys, or the stores, of a scheme come from that is none of ours. */
export interface ProviderSource {
  /** The name of a package, the path of a file (it begins with `./`, `../` or `/`), or what such a module exports. */
  readonly module: string | AnyProvider | ProviderModule | KeyFactory;
  /** The directories that a name is looked up from, one after another, and the first of which a path counts from. */
  readonly from?: string | readonly string[] | undefined;
  /** What the provider is given besides; it refuses what it does not know. */
  readonly options?: object | undefined;
  /** What the file must be, in hexadecimal: it is not run when it is another. For files only. */
  readonly sha256?: string | undefined;
  /** With `sha256`: what files must be that it imports, by their real paths. */
  readonly imports?: Contents | undefined;
}

/** A function makes keys without options; all others say which options they know. */
export type ProviderInput = ProviderSource['module'] | ProviderSource;

/** For ours, more options, as their `…KeyFromUri` takes them; for others, who makes their keys. */
export type Providers = Readonly<Partial<Record<KeyScheme, object>>> &
  Readonly<Record<string, ProviderInput | object | undefined>>;

const SCHEME = /^[a-z][a-z0-9+.-]*$/;
const OF_A_SOURCE = ['module', 'from', 'options', 'sha256', 'imports'];

export function isOurs(scheme: string): scheme is KeyScheme {
  return (KEY_SCHEMES as readonly string[]).includes(scheme);
}

/** All that was said of providers, also of those that are not used now. @throws INVALID_ARGUMENT */
export function checkProviders(providers: Providers): void {
  if (typeof providers !== 'object' || providers === null)
    throw invalid('The option `providers` is an object, by the schemes of the keys.');
  for (const [scheme, given] of Object.entries(providers)) {
    if (given === undefined) continue;
    if (OUR_SCHEMES.includes(scheme)) {
      // An option of that name is PKCS#11's own.
      const taken = typeof given !== 'object' || given === null || isProvider(given);
      if (taken || ('module' in given && scheme !== 'pkcs11'))
        throw invalid(
          `Keys of ${scheme}: are weightseal's own, and no other provider can take them over; choose another scheme.`,
        );
    } else sourceOf(scheme, given);
  }
}

/**
 * Where a provider comes from, by what `providers` has for its scheme.
 *
 * @throws INVALID_ARGUMENT
 * @hidden
 */
export function sourceOf(scheme: string, given: unknown, words: Words = OF_KEYS): ProviderSource {
  if (!SCHEME.test(scheme))
    throw invalid(
      `${JSON.stringify(scheme)} is no scheme of ${words.many}: that is a letter in lower case and then letters, digits and + . -`,
    );
  if (typeof given === 'string') return { module: given };
  if (typeof given === 'function') return { module: given as KeyFactory };
  if (typeof given === 'object' && given !== null) {
    const members = Object.keys(given);
    if (members.includes('module') && members.every((name) => OF_A_SOURCE.includes(name)))
      return given as ProviderSource;
    if (isProvider(given) || providersIn(given).length > 0) return { module: given as ProviderModule };
  }
  const hint = words === OF_KEYS || words === OF_SIGNERS ? didYouMean(scheme, KEY_SCHEMES) : '';
  throw invalid(
    `What \`providers\` has for ${scheme}: is no provider${hint || `: give the name of its package, its file, or what ${words.define} made.`}`,
  );
}

/** By its form: it may be of another version of core than ours. */
export function isProvider(value: unknown): value is AnyProvider {
  if (typeof value !== 'object' || value === null) return false;
  const { scheme, options, fromUri } = value as Partial<AnyProvider>;
  return typeof scheme === 'string' && Array.isArray(options) && typeof fromUri === 'function';
}

/** The providers among the exports of a module; what CommonJS exports stands in `default`. */
export function providersIn(module: object): readonly AnyProvider[] {
  const { default: whole } = module as { readonly default?: unknown };
  const inner = typeof whole === 'object' && whole !== null ? Object.values(whole) : [];
  return [...Object.values(module), ...inner].filter(isProvider);
}

/** What a provider made, if it is a key of its scheme. @throws PROVIDER_INVALID */
export function checkedKey(key: unknown, scheme: string, whose: string): KeyWrapper {
  const problem = keyProblem(key, scheme);
  if (problem === undefined) return key as KeyWrapper;
  throw new WeightsealError(
    'PROVIDER_INVALID',
    `${whose} made what is no key of ${scheme}: ${problem}. Tell whoever wrote it; \`@weightseal/kms-contract\` tests all that a key must do.`,
  );
}

function keyProblem(key: unknown, scheme: string): string | undefined {
  if (typeof key !== 'object' || key === null) return 'it is no object';
  const { provider, uri, wrap, unwrap } = key as Partial<KeyWrapper>;
  if (typeof wrap !== 'function' || typeof unwrap !== 'function')
    return 'it has no `wrap` and `unwrap` that are functions';
  return ofScheme(uri, provider, scheme);
}

/** What a provider made, if it is a signer of its scheme. @throws PROVIDER_INVALID */
export function checkedSigner(signer: unknown, scheme: string, whose: string): Signer {
  const problem = signerProblem(signer, scheme);
  if (problem === undefined) return signer as Signer;
  throw new WeightsealError(
    'PROVIDER_INVALID',
    `${whose} made what is no signer of ${scheme}: ${problem}. Tell whoever wrote it; \`signerContract\` of \`@weightseal/kms-contract\` tests all that a signer must do.`,
  );
}

function signerProblem(signer: unknown, scheme: string): string | undefined {
  if (typeof signer !== 'object' || signer === null) return 'it is no object';
  const { provider, uri, publicKey, sign } = signer as Partial<Signer>;
  if (typeof publicKey !== 'function' || typeof sign !== 'function')
    return 'it has no `publicKey` and `sign` that are functions';
  return ofScheme(uri, provider, scheme);
}

function ofScheme(uri: unknown, provider: unknown, scheme: string): string | undefined {
  if (typeof uri !== 'string' || !uri.startsWith(`${scheme}:`)) return `its \`uri\` is none of ${scheme}:`;
  return provider === scheme ? undefined : `its \`provider\` is not ${JSON.stringify(scheme)}`;
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}
