import { checkOptions, WeightsealError } from '@weightseal/core';

/** Times are milliseconds. */
export interface Limits {
  /** Of all clients together; 2048 unless told. Beyond that, whoever comes is told 503. */
  readonly connections?: number | undefined;
  /** Whose handshake is not done; 1024 unless told, beside those. With one more, the oldest of the address (of IPv6: of its /64) that has the most is dropped. */
  readonly handshakes?: number | undefined;
  /** Of one client, by the first name of its certificate; 64 unless told. Beyond that, 429. */
  readonly connectionsPerClient?: number | undefined;
  /** That are answered at once; 2048 unless told. Beyond that, 503. */
  readonly requests?: number | undefined;
  /** Of one client at once; 256 unless told. Beyond that, 429. */
  readonly requestsPerClient?: number | undefined;
  /** Of one client, by all of its connections together; no limit unless told. */
  readonly bytesPerSecond?: number | undefined;
  /** In which the headers of a request must be there; 10 000 unless told. */
  readonly headersMs?: number | undefined;
  /** How long a connection may be without a request; 60 000 unless told. */
  readonly idleMs?: number | undefined;
  /** In which a client must take a piece of an answer: of 16 KiB at least, of 1 MiB where it is fast; 30 000 unless told. */
  readonly stallMs?: number | undefined;
  /** How long a request waits for the digest of a long file that nobody has asked for before; 20 000 unless told. Then it is told 503, and hashing goes on. */
  readonly digestMs?: number | undefined;
  /** How long `drain` lets running answers go on; 30 000 unless told. */
  readonly drainMs?: number | undefined;
}

export type AllLimits = { readonly [Name in keyof Limits]-?: number };

const UNLESS_TOLD: AllLimits = {
  connections: 2048,
  handshakes: 1024,
  connectionsPerClient: 64,
  requests: 2048,
  requestsPerClient: 256,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  headersMs: 10_000,
  idleMs: 60_000,
  stallMs: 30_000,
  digestMs: 20_000,
  drainMs: 30_000,
};
/** The longest that a timer of Node takes. */
const LONGEST = 2 ** 31 - 1;

/** @throws INVALID_ARGUMENT */
export function checkLimits(given: Limits = {}): AllLimits {
  checkOptions(given, Object.keys(UNLESS_TOLD), 'The limits of a server');
  for (const [name, value] of Object.entries(given) as [keyof Limits, unknown][]) {
    if (value === undefined) continue;
    const most = name === 'bytesPerSecond' ? Number.MAX_SAFE_INTEGER : LONGEST;
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) continue;
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `The limit \`${name}\` of a server must be a whole number from 1 to ${most}.`,
    );
  }
  const told = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...UNLESS_TOLD, ...Object.fromEntries(told) };
}
