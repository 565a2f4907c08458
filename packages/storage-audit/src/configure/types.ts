export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What stands in one setting of a bucket or an account; null where nothing does. */
export interface State {
  readonly value: Json;
  /** By which a write is refused where somebody else has written since. Clouds that have none are read again just before. */
  readonly tag?: string | undefined;
}

/** One request that changes one setting. */
export interface Change {
  /** `policy`: what is read and written by one request each. */
  readonly setting: string;
  /** The checks of the audit that it mends. */
  readonly checks: readonly string[];
  /** In words: what is there, and what will be. */
  readonly now: string;
  readonly later: string;
  readonly before: Json;
  readonly after: Json;
  /** What is written to undo it. It is `before`, but where a cloud knows no way back to that. */
  readonly back: Json;
  readonly permissions: readonly string[];
  /** The request that undoes it. */
  readonly undo: string;
  /** What else comes of it, for those who use the storage. */
  readonly note?: string | undefined;
}

/** A check that is left as it is, and why. */
export interface Untouched {
  readonly check: string;
  readonly reason: string;
}

export interface Plan {
  /** `s3://bucket` */
  readonly place: string;
  readonly changes: readonly Change[];
  /** Could not be read, or must not be touched. */
  readonly refused: readonly Untouched[];
  /** What was not asked for: it could lock somebody out who is let in now, and wants to be named in `only`; or it needs a key, and none was told. */
  readonly leftOut: readonly Untouched[];
  /** Checks that are as they should be, or stricter. */
  readonly kept: readonly string[];
  /** Makes it anew, of what is there by then. */
  again(): Promise<Plan>;
}

/** What a bucket should be like. */
export interface Wanted {
  /** The customer's key: for S3 the ARN of a KMS key or of an alias, alias/NAME, or aws-kms://… (?region= says where an alias is); for Google a resource name or gcp-kms://…; for Azure azure-kv://… or https://VAULT/keys/NAME. Without one, no default encryption is changed. */
  readonly key?: string | undefined;
  /** The ids of the checks to mend; all unless told. */
  readonly only?: readonly string[] | undefined;
}

/** Where settings are read and written: a bucket of S3 or of Google, an account of Azure. */
export interface ConfigurableStorage {
  readonly place: string;
  /** The ids of the checks that can be mended here. */
  readonly checks: readonly string[];
  /** Reads, and changes nothing. @throws INVALID_ARGUMENT for a check that is not mended here */
  plan(wanted: Wanted): Promise<Plan>;
  /** Anew each time. @throws WeightsealError where it cannot be read */
  read(setting: string, signal?: AbortSignal): Promise<State>;
  /** @param found what was read just before. @throws WeightsealError */
  write(setting: string, value: Json, found: State, signal?: AbortSignal): Promise<void>;
  /** Whether two values mean the same: clouds write some in forms of their own. */
  same(setting: string, one: Json, other: Json): boolean;
  /** Whether the setting can have that value: an undo file may be somebody else's. @throws INVALID_ARGUMENT for no setting */
  fits(setting: string, value: Json): boolean;
  /** Whether everybody would be let in where the setting were so, and nothing else changed. What cannot be told is yes. */
  opens(setting: string, value: Json): Promise<boolean>;
  close(): void;
}
