import type { KeyProvider } from '@weightseal/core';

/** A key: its URI, or that with a deadline of its own. */
export type KeyInput =
  | string
  | {
      readonly uri: string;
      /** Other URIs under which this very key wrapped. */
      readonly formerUris?: readonly string[] | undefined;
      readonly deadlineMs?: number | undefined;
    };

/** Where keys of other schemes than weightseal's come from: code that is run when such a key is used. */
export type ProviderInput =
  | string
  | KeyProvider
  | {
      /**
       * The name of a package, found from the configuration's directory; or the path of a file from there, beginning with `./` or `../`;
       * or, in a program, the provider itself.
       */
      readonly module: string | KeyProvider;
      /** What the provider is given; it refuses what it does not know. */
      readonly options?: Readonly<Record<string, unknown>> | undefined;
    };

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
  /** By the scheme of their keys: `{ 'corp-kms': '@corp/kms' }`. */
  readonly providers?: Readonly<Record<string, ProviderInput>> | undefined;
}

/** What `weightseal.config.ts` exports. In every string `${NAME}` and `${NAME:-default}` stand for the environment. */
export interface ConfigInput extends ProfileInput {
  /** The profile that counts unless WEIGHTSEAL_PROFILE or --profile says another. */
  readonly profile?: string | undefined;
  /** Each is laid over the rest: keys and providers by name, everything else as a whole. */
  readonly profiles?: Readonly<Record<string, ProfileInput>> | undefined;
}

/** Returns what it is given: for the editor's help in `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
