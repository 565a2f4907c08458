import { isWeightsealError, WeightsealError } from '@weightseal/core';
import {
  BAD_CREDENTIALS,
  byCode,
  byConnection,
  byMessage,
  byOperation,
  byReason,
  CODE,
  NO_TOKEN,
  ON_THE_WAY,
  REJECTED,
  type Row,
  UNREADABLE,
} from './failure-table.js';
import { OPERATIONS, type Operation } from './operations.js';
import { readError, type SdkError, scrubbed } from './sdk-error.js';

/** What was asked, for the sentence. */
export interface Asked {
  readonly operation: Operation;
  readonly key: string;
  /** Whether it is the client that failed, looking for credentials, before anything was asked. */
  readonly connecting: boolean;
}

export interface Failure {
  readonly error: WeightsealError;
  /** Why the same call may succeed a moment later; undefined when nothing says that it may. */
  readonly passing: 'KEY_UNAVAILABLE' | 'KEY_THROTTLED' | undefined;
}

/**
 * The error of ours for what the SDK threw. The cause is a copy without request and answer. By code and words, not by
 * class: the client may be another copy of the SDK.
 */
export function gcpFailure(thrown: unknown, asked: Asked): Failure {
  if (isWeightsealError(thrown)) return { error: thrown, passing: undefined };
  const found = readError(thrown);
  const row = rowOf(found, asked);
  const { permission, role, repeatable } = OPERATIONS[asked.operation];
  const hint = row[1].replace('{permission}', permission).replace('{role}', role).replace('{key}', asked.key);
  const quote = row === byCode[found.code ?? 0] || row === byOperation[asked.operation]?.[found.code ?? 0];
  const error = new WeightsealError(row[0], `${worded(asked)} ${hint}`, {
    cause: scrubbed(found, asked.key, quote || Object.values(byReason).includes(row)),
  });
  return { error, passing: passing(found, row, repeatable) };
}

const changedOnTheWay = /checksum in field \w+ did not match|checksum mismatch/i;
/** 13 is an outage. Where its words are those of a decryption that failed, it is a server that mistakes the code. */
const notDecrypted = /authentication failed|decrypt(?:ion)? failed/i;

function rowOf(error: SdkError, { operation, key, connecting }: Asked): Row {
  const { code = 0, status = 0, reason } = error;
  // A key may be called anything, `certificate` too.
  const message = error.message.replaceAll(key, '');
  const said = byMessage.find(([words]) => words.test(message))?.[1];
  if (said) return said;
  if (Object.hasOwn(byReason, reason)) return byReason[reason]!;
  const connection = byConnection.find(([words]) => words.test(`${error.systemCodes} ${message}`))?.[1];
  if (/metadata from plugin failed|Could not refresh access token/.test(message)) return NO_TOKEN;
  if (connecting) return connection ?? BAD_CREDENTIALS;
  if (isUnreadable(error)) return UNREADABLE;
  if (connection && (code === CODE.UNAVAILABLE || code === CODE.INTERNAL || code === 0)) return connection;
  if (code === CODE.INVALID_ARGUMENT && changedOnTheWay.test(message)) return ON_THE_WAY;
  if (operation === 'decrypt' && code === CODE.INTERNAL && notDecrypted.test(message)) return REJECTED;
  const known = code === 0 && status >= 500 ? CODE.INTERNAL : code;
  return byOperation[operation]?.[known] ?? byCode[known] ?? UNREADABLE;
}

/**
 * Whether something answered that is no Cloud KMS: an answer that no one can decode, or a code that google-gax made up from
 * an HTTP status. Over REST it gives UNAVAILABLE to an answer that is no JSON, and FAILED_PRECONDITION to a 405.
 */
function isUnreadable({ code, status, message, names, systemCodes }: SdkError): boolean {
  if (/parsing error|could not be decoded|message larger than max/.test(message))
    return status === undefined || (status < 500 && status !== 429);
  if (code === CODE.FAILED_PRECONDITION) return status !== undefined && status !== 400;
  if (code !== CODE.UNAVAILABLE || status !== undefined) return false;
  return names.includes('SyntaxError') || (names.length > 1 && !/[A-Z]/.test(systemCodes));
}

/** What may have happened is not asked for twice unless that does no harm; what a quota stopped has not happened. */
function passing({ code }: SdkError, [ours]: Row, repeatable: boolean): Failure['passing'] {
  if (ours === 'KEY_THROTTLED') return ours;
  return ours === 'KEY_UNAVAILABLE' && code === CODE.UNAVAILABLE && repeatable ? ours : undefined;
}

function worded({ operation, key, connecting }: Asked): string {
  if (connecting) return `No call of Cloud KMS could be made for ${key}.`;
  return `Cloud KMS did not do ${operation[0]!.toUpperCase()}${operation.slice(1)} for ${key}.`;
}
