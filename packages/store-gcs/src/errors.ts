import {
  codeOfStatus,
  isWeightsealError,
  replaced,
  WeightsealError,
  type WriteCondition,
} from '@weightseal/core';
import {
  BAD_CREDENTIALS,
  byConnection,
  byMessage,
  byReason,
  byStatus,
  FOREIGN,
  LEADS_ELSEWHERE,
  LOST,
  NO_TOKEN,
  OPERATIONS,
  type Operation,
  type Row,
} from './failure-table.js';
import { aborted, NoCredentials } from './send.js';

/** What was asked, for the sentence. */
export interface Asked {
  readonly operation: Operation;
  /** `gs://bucket/object`, or the bucket. */
  readonly where: string;
  readonly bucket: string;
  readonly condition?: WriteCondition | undefined;
  /** Whether a version was asked for. */
  readonly pinned?: boolean | undefined;
}

/** What Cloud Storage says in an answer that refuses. */
interface Said {
  readonly message: string;
  readonly reason: string;
}

/** The error of ours for an answer that is not what was asked for. The cause has status, reason and the cleaned message; never a header, a URL or a body. */
export function refused(status: number, body: string, asked: Asked): WeightsealError {
  const { message, reason } = read(body);
  const cause = Object.assign(new Error(clean(message) || `The answer has status ${status}.`), {
    status,
    ...(reason && { reason }),
  });
  if (status === 412 && (asked.condition || asked.pinned) && !/polic|constraint/i.test(message))
    return lost(asked, cause);
  return told(rowOf(status, { message, reason }), asked, cause);
}

/** The error of ours for what was thrown on the way. */
export function failed(thrown: unknown, asked: Asked, signal: AbortSignal): WeightsealError {
  const ours = isWeightsealError(thrown) ? thrown : undefined;
  // Core's own reason, its deadline, is better than that somebody aborted.
  if (signal.aborted && (!ours || ours.code === 'ABORTED')) return aborted(signal);
  if (ours) return ours;
  const ofLogin = thrown instanceof NoCredentials;
  const { message, codes } = words(ofLogin ? thrown.cause : thrown);
  const connection = byConnection.find(([word]) => word.test(codes))?.[1];
  const row = ofLogin
    ? (byMessage.find(([word]) => word.test(message))?.[1] ?? (codes === '' ? BAD_CREDENTIALS : NO_TOKEN))
    : (connection ?? LOST);
  // Words of the library's may repeat a token, a path, a file's text; none of them is quoted.
  const cause = Object.assign(new Error(ofLogin ? 'No credentials.' : 'The connection failed.'), {
    ...(codes && { code: codes }),
  });
  return told(row, asked, cause);
}

/** The condition of a write, or the version of a read, did not hold. */
function lost({ condition, where }: Asked, cause: unknown): WeightsealError {
  if (condition && 'ifAbsent' in condition)
    return new WeightsealError(
      'OUTPUT_EXISTS',
      `${where} exists already. Choose another name, or remove it first.`,
      { cause },
    );
  return replaced(where, cause);
}

function told([code, hint]: Row, { operation, where, bucket }: Asked, cause: unknown): WeightsealError {
  const { failed: what, permission, role } = OPERATIONS[operation];
  const advice = hint.replace('{permission}', permission).replace('{role}', role).replace('{bucket}', bucket);
  return new WeightsealError(code, `${where} ${what}. ${advice}`, { cause });
}

function rowOf(status: number, { message, reason }: Said): Row {
  if (Object.hasOwn(byReason, reason)) return byReason[reason]!;
  const row = byStatus.find(([all, word]) => all.includes(status) && (word?.test(message) ?? true))?.[2];
  if (row) return row;
  if (status >= 300 && status < 400) return LEADS_ELSEWHERE;
  return [codeOfStatus(status), FOREIGN[1]];
}

/** `{ error: { message, errors: [{ reason }], details: [{ reason }] } }`, or whatever else. */
function read(body: string): Said {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    const { message, errors, details } = (error ?? {}) as Record<string, unknown>;
    const reasons = [details, errors].flatMap((list) => (Array.isArray(list) ? list : []));
    const reason = reasons
      .map((one) => text((one as { reason?: unknown } | null)?.reason))
      .find((one) => Object.hasOwn(byReason, one));
    return { message: text(message), reason: reason ?? '' };
  } catch {
    // XML, or a line of text; a page of HTML says nothing.
    return { message: /^\s*<(?:!doctype|html)/i.test(body) ? '' : body.slice(0, 2000), reason: '' };
  }
}

const MAX_MESSAGE = 300;
const MAX_CAUSES = 6;

/** Without what may be a token, a key or a session's URL: where a server repeats what it was sent. */
function clean(message: string): string {
  return message
    .replace(/\b(?:https?|gs):\/\/\S+/g, '…')
    .replace(/[\w+/=.~%\\-]{40,}/g, '…')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, MAX_MESSAGE);
}

function words(thrown: unknown): { message: string; codes: string } {
  const chain: Record<string, unknown>[] = [];
  for (let one = thrown; typeof one === 'object' && one !== null && chain.length < MAX_CAUSES; ) {
    chain.push(one as Record<string, unknown>);
    one = (one as { cause?: unknown }).cause;
  }
  const codes = chain.map(({ code }) => text(code)).filter((code) => /^[A-Z][A-Z0-9_]{1,41}$/.test(code));
  return {
    message: chain.map(({ message }) => text(message)).join(' '),
    codes: [...new Set(codes)].join(' '),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
