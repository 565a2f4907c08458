import { isUtcTime, WeightsealError } from '@weightseal/core';
import { OUTCOMES, SEVERITIES } from '../report/report.js';
import { parseStrictly } from '../strict-json.js';
import type { Finding } from '../types.js';
import type { AuditedObject } from './types.js';

type Counts<Name extends string = string> = readonly (readonly [name: Name, count: number])[];

/** What an audit of objects has come to so far, as `ObjectTally.save` gives it. */
export interface SavedTally {
  readonly blind: number;
  readonly kinds: Counts<AuditedObject['kind']>;
  readonly keys: Counts;
  readonly findings: readonly Finding[];
  readonly more: Counts;
}

/** An audit of objects that was cut off, and can go on. */
export interface AuditState {
  /** What was audited, and how: whoever goes on must ask for the same. */
  readonly of: string;
  /** RFC 3339 in UTC. */
  readonly started: string;
  /** The `cursor` of the object that was looked at last. */
  readonly after: string;
  readonly tally: SavedTally;
}

export const STATE_FORMAT = 'weightseal-audit-state/1';
/** A thousand findings of each check and outcome, a thousand keys; names have a thousand characters. */
export const MOST_STATE_BYTES = 67_108_864;
const KINDS: Readonly<Record<AuditedObject['kind'], true>> = {
  sealed: true,
  bundle: true,
  weights: true,
  release: true,
  other: true,
  upload: true,
  older: true,
};

/** For a file that nobody else can write: what stands in it is taken for seen. */
export function encodeAuditState({ of, started, after, tally }: AuditState): string {
  return `${JSON.stringify({ format: STATE_FORMAT, of, started, after, tally })}\n`;
}

/** @throws CONFIG_INVALID for what `encodeAuditState` has not written */
export function parseAuditState(bytes: Uint8Array): AuditState {
  let value: unknown;
  try {
    value = parseStrictly(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid(cause);
  }
  if (!isState(value)) throw invalid();
  const { of, started, after, tally } = value;
  return { of, started, after, tally };
}

function isState(value: unknown): value is AuditState {
  const { format, of, started, after, tally } = membersOf(value);
  const { blind, kinds, keys, findings, more } = membersOf(tally);
  return (
    format === STATE_FORMAT &&
    [of, started, after].every((one) => typeof one === 'string') &&
    isUtcTime(started as string) &&
    isCount(blind) &&
    isCounts(kinds, (name) => Object.hasOwn(KINDS, name)) &&
    [keys, more].every((one) => isCounts(one, () => true)) &&
    Array.isArray(findings) &&
    findings.every(isFinding)
  );
}

function isFinding(value: unknown): boolean {
  const { check, resource, outcome, severity, evidence, facts = '', count = 1 } = membersOf(value);
  return (
    [check, resource, evidence, facts].every((one) => typeof one === 'string') &&
    isCount(count) &&
    (OUTCOMES as readonly unknown[]).includes(outcome) &&
    (SEVERITIES as readonly unknown[]).includes(severity)
  );
}

function isCounts(value: unknown, isName: (name: string) => boolean): boolean {
  return (
    Array.isArray(value) &&
    value.every((one: unknown) => {
      const [name, count] = Array.isArray(one) ? (one as unknown[]) : [];
      return typeof name === 'string' && isName(name) && isCount(count);
    })
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function invalid(cause?: unknown): WeightsealError {
  return new WeightsealError(
    'CONFIG_INVALID',
    'What was kept of the audit cannot be gone on with: it is no state of an audit, or of another version. Remove it, and audit anew.',
    { cause },
  );
}
