import type { StoreTuning } from '@weightseal/core';
import type { AnyProvider } from '@weightseal/keys';
import type { TrustInput, TrustRuleInput } from './trust-input.js';

/** A key: its URI, or that with a deadline of its own. */
export type KeyInput =
  | string
  | {
      readonly uri: string;
      /** Other URIs under which this very key wrapped. */
      readonly formerUris?: readonly string[] | undefined;
      readonly deadlineMs?: number | undefined;
    };

/** Where keys and stores of other schemes than weightseal's come from: code that is run when such a one is used. */
export type ProviderInput =
  | string
  | AnyProvider
  | {
      /**
       * The name of a package, found from the configuration's directory; or the path of a file from there, beginning with `./` or `../`;
       * or, in a program, the provider itself.
       */
      readonly module: string | AnyProvider;
      /** What the provider is given; it refuses what it does not know. */
      readonly options?: Readonly<Record<string, unknown>> | undefined;
    };

/** What a store is given: options of its own, as its page has them, and how requests are made. */
export interface StoreInput {
  readonly tuning?: StoreTuning | undefined;
  readonly [option: string]: unknown;
}

/** Who can open what is sealed from the paths that match. The first rule that matches counts. */
export interface RecipientRuleInput {
  /**
   * Globs for the path of the input, relative to the configuration's directory (or absolute); any of them will do. Without
   * it the rule matches everything, standard input too.
   */
  readonly path?: string | readonly string[] | undefined;
  /** Names of keys, or URIs. */
  readonly keys: readonly string[];
  /** Pairs of the context that a seal must have: with this value, or with `true` with a value that is given with each seal. */
  readonly context?: Readonly<Record<string, string | true>> | undefined;
}

/** What both the configuration itself and each of its profiles can say. */
export interface ProfileInput {
  readonly keys?: Readonly<Record<string, KeyInput>> | undefined;
  readonly recipients?: readonly RecipientRuleInput[] | undefined;
  /** Names of the keys, or URIs, that open a file, in the order in which they are asked. */
  readonly open?: readonly string[] | undefined;
  /** Milliseconds that one call of a key may take in all. */
  readonly deadlineMs?: number | undefined;
  /** Milliseconds after which the next key is asked beside the one that has not answered. */
  readonly hedgeMs?: number | undefined;
  /** By the scheme of their keys, or stores: `{ 'corp-kms': '@corp/kms' }`. */
  readonly providers?: Readonly<Record<string, ProviderInput>> | undefined;
  /** By scheme, or by the beginning of a URI: `{ s3: { endpoint: … }, 's3://models': { profile: … } }`. */
  readonly stores?: Readonly<Record<string, StoreInput>> | undefined;
  /** Who may release the models that are opened: rules, or an object with `rules` and what else there is to say. */
  readonly trust?: readonly TrustRuleInput[] | TrustInput | undefined;
}

/** What `weightseal.config.ts` exports. In every string `${NAME}` and `${NAME:-default}` stand for the environment. */
export interface ConfigInput extends ProfileInput {
  /** The profile that counts unless WEIGHTSEAL_PROFILE or --profile says another. */
  readonly profile?: string | undefined;
  /** Each is laid over the rest: keys, providers and stores by name, everything else as a whole. */
  readonly profiles?: Readonly<Record<string, ProfileInput>> | undefined;
}

/** Returns what it is given: for the editor's help in `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
