import type { ErrorCode, KeyWrapper } from '@weightseal/core';
import type { BusyAnswers } from './busy.js';
import type { Answer, Fault, FaultProxy } from './fault.js';

/** What the suite needs of a test runner: `describe` and `it` of vitest, node:test, mocha and others fit. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: {
    (title: string, body: () => Promise<void>, timeoutMs?: number): unknown;
    skip?: (title: string, body: () => Promise<void>) => unknown;
  };
}

/** One provider behind a fault proxy, made ready for one case. */
export interface FaultSubject<A extends Answer> {
  readonly wrapper: KeyWrapper;
  readonly proxy: FaultProxy<A>;
  /** Bytes that may appear in no error: tokens, secret access keys. The data key is looked for in any case. */
  readonly secrets?: readonly Uint8Array[] | undefined;
  /** Cleans up after the case; the proxy is disposed of unless this is given. */
  readonly teardown?: (() => unknown) | undefined;
}

type OneOrMore = ErrorCode | readonly ErrorCode[];

/**
 * What a fault must give. One code stands for both calls. Of an object, a call that is not named must succeed: the fault
 * does not touch it, or the provider cannot see it. Sealing fails in any case, with `seal` (WRAP_NOT_VERIFIED unless told)
 * where wrapping succeeds.
 */
export type Codes =
  | OneOrMore
  | {
      readonly wrap?: OneOrMore | undefined;
      readonly unwrap?: OneOrMore | undefined;
      readonly seal?: OneOrMore | undefined;
    };

/** Faults in the protocol's own words. Each must be supplied, or declared in `without`. */
export const VENDOR_FAULTS = {
  wrongChecksum: 'an answer whose checksum is wrong',
  otherKey: 'the answer of another key',
  changedAnswer: 'an answer with changed bytes',
  expiredCredentials: 'expired credentials',
  wrongClock: 'a wrong clock',
} as const;

export interface VendorFault<A extends Answer> {
  /** Made for the subject where it needs one: the real answer of its other key, say. */
  readonly fault: Fault<A> | ((subject: FaultSubject<A>) => Fault<A> | Promise<Fault<A>>);
  readonly code: Codes;
}

export type WireFault =
  | 'refused'
  | 'reset'
  | 'stalled'
  | 'truncated'
  | 'halved'
  | 'garbage'
  | 'throttled'
  | 'unavailable';
export type Burst = 'throttledBriefly' | 'unavailableBriefly';
export type VendorFaultName = keyof typeof VENDOR_FAULTS;

export interface FaultSuiteOptions<A extends Answer> {
  /** What the report calls the provider. */
  readonly name: string;
  /**
   * Makes the subject of one case, once for each. Its wrapper keeps the deadline that it is given, and asks the server
   * through the proxy.
   */
  readonly setup: (deadlineMs: number) => Promise<FaultSubject<A>>;
  /** What 429 and 503 look like: `awsBusy`, `azureBusy`, `googleRestBusy`, `vaultBusy`, `grpcBusy`, or your own. */
  readonly busy: BusyAnswers<A>;
  readonly vendor?: { readonly [N in VendorFaultName]?: VendorFault<A> | undefined } | undefined;
  /** Further faults of this provider, by title. */
  readonly more?: Readonly<Record<string, VendorFault<A>>> | undefined;
  /** What this provider cannot have, each with the reason; those cases are reported as skipped. */
  readonly without?: { readonly [N in WireFault | Burst | VendorFaultName]?: string | undefined } | undefined;
  /** Where the protocol legitimately gives another code, with the reason. */
  readonly instead?:
    | { readonly [N in WireFault]?: { readonly code: Codes; readonly reason: string } | undefined }
    | undefined;
  /** The deadline where the server never answers in time; 5000 ms unless told. */
  readonly shortDeadlineMs?: number | undefined;
  /** The deadline everywhere else, where the call should end by itself; 10 000 ms unless told. */
  readonly deadlineMs?: number | undefined;
  /** How much later than its deadline a call may end; 1500 ms unless told. */
  readonly slackMs?: number | undefined;
  /** How many answers a burst spoils before the real ones; 2 unless told. */
  readonly burst?: number | undefined;
}
