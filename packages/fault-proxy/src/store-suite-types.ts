import type { ErrorCode, StoreLocation } from '@weightseal/core';
import type { Fault, FaultProxy } from './fault.js';
import type { HttpAnswer } from './http-answer.js';

/** One object in a store behind a fault proxy, made ready for one case. */
export interface StoreFaultSubject {
  /** The object, reached through the proxy. Its store makes each request once. */
  readonly location: StoreLocation;
  readonly proxy: FaultProxy<HttpAnswer>;
  /** What the object holds; 200,000 bytes or more. */
  readonly bytes: Uint8Array;
  /** Puts other bytes of the same length in its place, without the proxy. */
  readonly replace?: (() => Promise<void>) | undefined;
  /** Bytes that may appear in no error, and go to no other host: tokens, secret access keys, signatures. */
  readonly secrets?: readonly Uint8Array[] | undefined;
  /** Cleans up after the case; the proxy is disposed of, and the store closed, unless this is given. */
  readonly teardown?: (() => unknown) | undefined;
}

/** How a case may end: with the right bytes, or with one of these codes. */
export type StoreOutcome = readonly ('right' | ErrorCode)[];

export type StoreFaultName =
  | 'refused'
  | 'resetOnce'
  | 'resetAlways'
  | 'stalledOnce'
  | 'stalledAlways'
  | 'hangsOnce'
  | 'trickles'
  | 'cutOnce'
  | 'halved'
  | 'garbage'
  | 'wrongRange'
  | 'whole'
  | 'staleVersion'
  | 'replaced'
  | 'storm'
  | 'unavailable'
  | 'throttled'
  | 'expired'
  | 'forbidden'
  | 'redirected'
  | 'longer'
  | 'shorter'
  | 'gzipped';

export interface StoreFaultOptions {
  /** What the report calls the store. */
  readonly name: string;
  /** Makes the subject of one case, once for each. */
  readonly setup: () => Promise<StoreFaultSubject>;
  /** In the store's own words, where its client looks at the body. */
  readonly answers?:
    | {
        readonly unavailable?: HttpAnswer | undefined;
        readonly throttled?: HttpAnswer | undefined;
        readonly expired?: HttpAnswer | undefined;
        readonly forbidden?: HttpAnswer | undefined;
      }
    | undefined;
  /** A fault that makes a listing go on for ever, where the store can be listed, and the prefix that is listed. */
  readonly hugeListing?: { readonly prefix: string; readonly fault: Fault<HttpAnswer> } | undefined;
  /** What this store cannot have, each with the reason; those cases are reported as skipped. */
  readonly without?: { readonly [N in StoreFaultName]?: string | undefined } | undefined;
  /** Where the protocol legitimately ends otherwise, with the reason. */
  readonly instead?:
    | {
        readonly [N in StoreFaultName]?:
          | { readonly outcome: StoreOutcome; readonly reason: string }
          | undefined;
      }
    | undefined;
  /** How much later than its deadline a read may end; 5000 ms unless told. */
  readonly slackMs?: number | undefined;
}
