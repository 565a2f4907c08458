import type { StoreLocation, WeightsealError } from '@weightseal/core';
import type { TrustedSigner } from '../signers.js';

/** Whether what a rule asks for must hold: `warn` tells of what does not, and opens it all the same; `off` looks at nothing. */
export type Require = 'enforce' | 'warn' | 'off';

/** Where a channel is: a directory, or a prefix in a store, in which `weightseal.channel.json` lies; or the file itself, by a name that ends in `.json`. */
export type ChannelPlace =
  | string
  | URL
  | StoreLocation
  /** What gives one when it is needed. Its store is closed when the channel has been read. */
  | (() => StoreLocation | Promise<StoreLocation>);

/** Which release is the current one must be said there. */
export interface TrustedChannel {
  readonly at: ChannelPlace;
  /** Whose word counts for that; the signers of the rule unless told. */
  readonly signers?: readonly TrustedSigner[] | undefined;
}

/** Who may release the models that it is about. */
export interface TrustRule {
  /** Globs over the names of models; the first rule that matches counts. `*` and `?` within a name, `**` for any number of them. */
  readonly model: string | readonly string[];
  /** One of them must have signed. None is for rules that do not enforce. */
  readonly signers: readonly TrustedSigner[];
  /** The least version: numbers with dots. A release whose version cannot be compared with it is refused. */
  readonly minVersion?: string | undefined;
  /** The last moment at which these signers counted: what says that it was made later is refused. A signer says itself when something was made, so this is for keys that were retired, and no help against one that was stolen. */
  readonly notAfter?: Date | string | undefined;
  /** `enforce` unless told. */
  readonly require?: Require | undefined;
  readonly channel?: TrustedChannel | undefined;
}

export interface TrustOptions {
  /** What is done with a model that no rule is about; `enforce` unless told, which refuses it. */
  readonly others?: Require | undefined;
  /** Told of what is opened all the same (`warn`); a warning of the process unless told. What it throws refuses. */
  readonly onWarning?: ((error: WeightsealError) => void) | undefined;
  /** `none` where no channel's highest number can be kept from one process to the next: an older one that has not ended is then taken for the current one. Kept in the user's state directory unless told. */
  readonly state?: 'user' | 'none' | undefined;
  /** The time, in milliseconds since 1970; the clock of the machine unless told. */
  readonly now?: (() => number) | undefined;
}
