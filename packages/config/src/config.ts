import { dirname, isAbsolute } from 'node:path';
import {
  type Context,
  checkKinds,
  checkPath,
  checkText,
  didYouMean,
  WeightsealError,
} from '@weightseal/core';
import { type AnyProvider, isModulePath, type Providers, schemeOf } from '@weightseal/keys';
import type { Effective, EffectiveRule } from './effective.js';
import { listed } from './listed.js';
import { matchesAny, spellingsOf } from './match.js';
import { noProfile } from './no-profile.js';
import { sealingContext } from './sealing-context.js';
import type { ConfiguredStore } from './stores.js';
import type { TrustInput } from './trust-input.js';

/** A key as the configuration has it. */
export interface ConfiguredKey {
  /** Undefined for one that is named by its URI. */
  readonly name: string | undefined;
  readonly uri: string;
  /** Other URIs under which this very key wrapped. */
  readonly formerUris: readonly string[] | undefined;
  readonly deadlineMs: number | undefined;
  /** Where relative paths in the URI count from: the configuration's directory where the URI stands in it. */
  readonly directory: string | undefined;
}

/** Where the keys of a scheme that is none of weightseal's come from. */
export interface ConfiguredProvider {
  /** A package, or the path of a file from `from`; or the provider itself, in a program. */
  readonly module: string | AnyProvider;
  /** The configuration's directory. */
  readonly from: string;
  readonly options: object | undefined;
  /** What the file was when the configuration was trusted; undefined for a package, and where the configuration was named. */
  readonly sha256: string | undefined;
  /** So, too, the files that it imports, by their real paths. */
  readonly imports: Files;
}

/** Who can open what is sealed from a path. */
export interface RecipientRule {
  /** Globs; undefined for a rule that matches everything. */
  readonly path: readonly string[] | undefined;
  readonly keys: readonly ConfiguredKey[];
  /** Pairs that the context of a seal gets: see `contextToSeal`. */
  readonly context: Context;
  /** Names of pairs that must be given with each seal. */
  readonly requiredContext: readonly string[];
}

/** What a matching rule says of a seal. */
export interface SealingKeys extends RecipientRule {
  /** The rule's place among the rules, from 0. */
  readonly rule: number;
}

/** What files were when the configuration was trusted, by their paths as it has them; undefined where it was named. */
export type Files = Readonly<Record<string, string>> | undefined;

/** A configuration with a profile laid over it and the environment put in. */
export class Config {
  /** The file, by the real path of its directory. */
  readonly path: string;
  readonly profile: string | undefined;
  /** The names of all profiles. */
  readonly profiles: readonly string[];
  readonly keys: ReadonlyMap<string, ConfiguredKey>;
  readonly recipients: readonly RecipientRule[];
  readonly deadlineMs: number | undefined;
  readonly hedgeMs: number | undefined;
  /** By scheme: what the configuration says. */
  readonly providers: ReadonlyMap<string, ConfiguredProvider>;
  /** By scheme, or by the beginning of a URI: what `storeLocation` gives to a store. */
  readonly stores: ReadonlyMap<string, ConfiguredStore>;
  /** Who may release the models that are opened: `trustJudge` makes of it what judges them. */
  readonly trust: TrustInput | undefined;
  /** @internal What the files were that it names when the configuration was trusted; undefined where it was named. */
  readonly trustFiles: Files;
  /** Where relative paths count from, by its real path. */
  readonly directory: string;
  /** @internal Those that the program brings; they go before what the configuration says. */
  readonly given: Providers;
  readonly #open: readonly ConfiguredKey[] | undefined;

  /** @internal */
  constructor(
    path: string,
    profile: string | undefined,
    profiles: readonly string[],
    found: Effective,
    { given, files }: { readonly given: Providers; readonly files: Files },
  ) {
    this.path = path;
    this.profile = profile;
    this.profiles = profiles;
    const directory = dirname(path);
    this.directory = directory;
    this.stores = found.stores;
    this.trust = found.trust;
    this.trustFiles = files;
    this.keys = new Map(
      [...found.keys].map(([name, { uri, formerUris, deadlineMs }]) => [
        name,
        { name, uri: uri.value, formerUris: formerUris?.map(({ value }) => value), deadlineMs, directory },
      ]),
    );
    const inFile = (text: string): ConfiguredKey => this.#find(text, directory);
    this.recipients = found.recipients.map((rule) => ruleOf(rule, inFile));
    this.#open = found.open?.map(({ value }) => inFile(value));
    this.deadlineMs = found.deadlineMs;
    this.hedgeMs = found.hedgeMs;
    this.given = given;
    const imports = files && Object.fromEntries(Object.entries(files).filter(([path]) => isAbsolute(path)));
    this.providers = new Map(
      [...found.providers].map(([scheme, { module, options }]) => {
        const sha256 = typeof module === 'string' && isModulePath(module) ? files?.[module] : undefined;
        return [
          scheme,
          { module, from: directory, options, sha256, imports: sha256 === undefined ? undefined : imports },
        ];
      }),
    );
  }

  /** The key that a name or a URI means. @throws INVALID_ARGUMENT for a name that the configuration does not have */
  key(nameOrUri: string): ConfiguredKey {
    return this.#find(nameOrUri, undefined);
  }

  /**
   * What the first rule that matches says; undefined when none does.
   *
   * @param given the path of what is sealed; undefined for what has none, like a stream: only a rule without `path` matches that. Where somebody
   *   else could put a link into it meanwhile, open its directory once (`Directory.above` of core), give `directory.at(name)` here, and seal that
   * @throws INPUT_NOT_FOUND, IO_ERROR where the kernel finds no directory by that path
   */
  keysToSeal(given: string | URL | undefined): SealingKeys | undefined {
    const input = given === undefined ? undefined : checkPath(given, 'What is sealed');
    const isAsked = input !== undefined && this.recipients.some(({ path }) => path !== undefined);
    const where = isAsked ? spellingsOf(input, dirname(this.path)) : undefined;
    const rule = this.recipients.findIndex(
      ({ path }) => path === undefined || (where !== undefined && matchesAny(path, where)),
    );
    const found = this.recipients[rule];
    return found && { ...found, rule };
  }

  /**
   * The context to seal with: what is given with this seal, and what the rule sets.
   *
   * @throws INVALID_ARGUMENT when a value is missing that the rule wants to be given, or one contradicts the rule
   */
  contextToSeal(rule: SealingKeys, given: Context = {}): Context {
    checkKinds(rule, 'contextToSeal', {}, []);
    return sealingContext(rule, given, `recipients[${rule.rule}] of ${this.path}`);
  }

  /** The keys that open a file, in the order in which they are asked; undefined where the configuration has no `open`. */
  keysToOpen(): readonly ConfiguredKey[] | undefined {
    return this.#open;
  }

  /** The rest of a sentence about something that is not there: the profiles, where there are some and none was chosen; else empty. */
  noProfile(): string {
    return noProfile(this.profile, this.profiles);
  }

  #find(nameOrUri: string, directory: string | undefined): ConfiguredKey {
    checkText(nameOrUri, 'What names a key');
    if (schemeOf(nameOrUri) !== undefined)
      return { name: undefined, uri: nameOrUri, formerUris: undefined, deadlineMs: undefined, directory };
    const key = this.keys.get(nameOrUri);
    if (key) return key;
    const names = [...this.keys.keys()];
    const hint = didYouMean(nameOrUri, names) || `; its keys are ${listed(names) || 'none'}.`;
    // Not repeated: what stands there by mistake may be a secret.
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${this.path} has no key of that name${hint}${this.noProfile()}`,
    );
  }
}

function ruleOf(rule: EffectiveRule, key: (text: string) => ConfiguredKey): RecipientRule {
  const pairs = [...rule.context];
  return {
    path: rule.path?.map(({ value }) => value),
    keys: rule.keys.map(({ value }) => key(value)),
    context: Object.fromEntries(pairs.flatMap(([name, text]) => (text === true ? [] : [[name, text.value]]))),
    requiredContext: pairs.flatMap(([name, text]) => (text === true ? [name] : [])),
  };
}
