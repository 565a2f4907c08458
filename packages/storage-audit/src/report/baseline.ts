import { isUtcTime, WeightsealError } from '@weightseal/core';
import { parseStrictly, TwiceError } from '../strict-json.js';
import type { Severity } from '../types.js';
import { byText, SEVERITIES } from './report.js';
import { printable } from './text.js';

/** A finding that somebody has decided to live with, until a day. */
export interface Acceptance {
  readonly check: string;
  /** As the finding names it, letter by letter. */
  readonly resource: string;
  /** The worst that is accepted: what has become worse since was not decided. */
  readonly severity: Severity;
  /** Why. */
  readonly reason: string;
  /** Who has decided it. */
  readonly who: string;
  /** RFC 3339 in UTC; from then on it has no effect. */
  readonly expires: string;
  /** The digest of what was found, as `acceptanceOf` makes it: what is otherwise by now was not decided. What failed is accepted by it only. */
  readonly found?: string | undefined;
  /** Where several are told of together, up to how many. */
  readonly count?: number | undefined;
  /** For what could not be read. Without it what failed is accepted, and nothing else: whoever accepts that something cannot be seen has not accepted what will be seen. */
  readonly outcome?: 'unread' | undefined;
}

export interface Baseline {
  readonly accepted: readonly Acceptance[];
}

export const BASELINE_FORMAT = 'weightseal-audit-baseline/1';
const MOST_BYTES = 4_194_304;
const MOST_ACCEPTED = 10_000;
const MOST_TEXT = 2048;
const TEXTS = ['check', 'resource', 'severity', 'reason', 'who', 'expires'] as const;

/**
 * A baseline as it was written, or as people have changed it. Nothing in it is passed over: a member that is misspelt would be an acceptance without an end.
 *
 * @throws CONFIG_INVALID
 */
export function parseBaseline(bytes: Uint8Array): Baseline {
  if (bytes.length > MOST_BYTES) throw invalid(`it has more than ${MOST_BYTES} bytes`);
  const members = membersIn(jsonIn(textOf(bytes)), 'it', ['format', 'accepted']);
  if (members['format'] !== BASELINE_FORMAT) throw invalid(`its format is not ${BASELINE_FORMAT}`);
  const { accepted } = members;
  if (!Array.isArray(accepted)) throw invalid('`accepted` is no list');
  if (accepted.length > MOST_ACCEPTED) throw invalid(`it accepts more than ${MOST_ACCEPTED} findings`);
  return checked(accepted.map((one: unknown, at) => acceptanceIn(one, `entry ${at + 1} of \`accepted\``)));
}

/**
 * The one way in which a baseline is written: in the order of check and resource, a line for each member, so that a change of it is read in a review.
 *
 * @throws CONFIG_INVALID for what could not be read again
 */
export function encodeBaseline({ accepted }: Baseline): string {
  const sorted = checked(accepted.map((one, at) => acceptanceIn(one, `entry ${at + 1} of \`accepted\``)))
    .accepted.toSorted((a, b) => byText(nameOf(a), nameOf(b)))
    .map(({ check, resource, severity, found, count, outcome, reason, who, expires }) => ({
      check,
      resource,
      severity,
      ...(found !== undefined && { found }),
      ...(count !== undefined && { count }),
      ...(outcome && { outcome }),
      reason,
      who,
      expires,
    }));
  return `${JSON.stringify({ format: BASELINE_FORMAT, accepted: sorted }, undefined, 2)}\n`;
}

function checked(accepted: readonly Acceptance[]): Baseline {
  const seen = new Set<string>();
  for (const one of accepted) {
    if (seen.has(nameOf(one)))
      throw invalid(`${told(one.check)} of ${told(one.resource)} is accepted twice; keep one of them`);
    seen.add(nameOf(one));
  }
  return { accepted };
}

/** By what a finding is known. */
function nameOf({ check, resource, outcome, found = '' }: Acceptance): string {
  return JSON.stringify([check, resource, outcome ?? 'failed', found]);
}

function acceptanceIn(value: unknown, where: string): Acceptance {
  const members = membersIn(value, where, TEXTS, ['outcome', 'found', 'count']);
  for (const name of TEXTS) {
    const problem = problemOf(members[name]);
    if (problem !== undefined) throw invalid(`\`${name}\` of ${where} ${problem}`);
  }
  const { outcome, found, count } = members;
  if (found !== undefined && !(typeof found === 'string' && /^[0-9a-f]{64}$/.test(found)))
    throw invalid(`\`found\` of ${where} is no digest as --write-baseline writes it`);
  if (count !== undefined && !(Number.isSafeInteger(count) && (count as number) > 0))
    throw invalid(`\`count\` of ${where} is no whole number above 0`);
  if (outcome !== undefined && outcome !== 'unread')
    throw invalid(`\`outcome\` of ${where} can only be "unread", or be left out`);
  const { check, resource, severity, reason, who, expires } = members as unknown as Acceptance;
  if (!SEVERITIES.includes(severity))
    throw invalid(`\`severity\` of ${where} is none of ${SEVERITIES.join(', ')}`);
  if (!isUtcTime(expires))
    throw invalid(`\`expires\` of ${where} is no moment in UTC like 2030-01-31T00:00:00Z`);
  return {
    check,
    resource,
    severity,
    reason,
    who,
    expires,
    ...(typeof found === 'string' && { found }),
    ...(typeof count === 'number' && { count }),
    ...(outcome && { outcome }),
  };
}

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'is no text';
  if (value.trim() === '') return 'is empty';
  if (value.length > MOST_TEXT) return `has more than ${MOST_TEXT} characters`;
  return value === printable(value) ? undefined : 'holds a character that does not show';
}

function membersIn(
  value: unknown,
  where: string,
  names: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${where} is no object`);
  const members = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
  const missing = names.find((name) => !Object.hasOwn(members, name));
  if (missing !== undefined) throw invalid(`${where} has no \`${missing}\``);
  const known = [...names, ...optional];
  const unknown = Object.keys(members).find((name) => !known.includes(name));
  if (unknown === undefined) return members;
  throw invalid(`${where} has a member ${told(unknown)}; known are ${known.join(', ')}`);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('it is no UTF-8');
  }
}

function jsonIn(text: string): unknown {
  try {
    return parseStrictly(text);
  } catch (error) {
    throw invalid(error instanceof TwiceError ? 'an object has one name twice' : 'it is no JSON');
  }
}

function told(text: string): string {
  return printable(JSON.stringify(text.slice(0, 100)));
}

function invalid(why: string): WeightsealError {
  return new WeightsealError('CONFIG_INVALID', `The baseline cannot be used: ${why}. Correct it there.`);
}
