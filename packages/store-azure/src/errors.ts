import {
  abortedError,
  codeOfStatus,
  isWeightsealError,
  replaced,
  WeightsealError,
  type WriteCondition,
} from '@weightseal/core';
import { TokenFailure } from './clients.js';
import {
  byCode,
  byConnection,
  byStatus,
  CONDITION_CODES,
  FOREIGN,
  LEADS_ELSEWHERE,
  LOST,
  NO_ENTRA,
  NO_TOKEN,
  OPERATIONS,
  type Operation,
  type Row,
} from './failure-table.js';

/** What was asked, for the sentence. */
export interface Asked {
  readonly operation: Operation;
  /** `az://account/container/blob`, or the container. */
  readonly where: string;
  readonly container: string;
  readonly condition?: WriteCondition | undefined;
}

/** What is looked at of what the SDK throws. Nothing else is: its errors hold requests with tokens, and URLs with signatures. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  /** Azure's code, such as `BlobNotFound`, or the system's, such as `ECONNRESET`. */
  readonly code: string;
  readonly requestId: string | undefined;
}

/** The one way from what the SDK throws to an error of ours. The cause has names, codes and the request's id alone. */
export function azureError(thrown: unknown, asked: Asked, signal: AbortSignal): WeightsealError {
  const ours = isWeightsealError(thrown) ? thrown : undefined;
  // Core's own reason, its deadline, is better than that somebody aborted.
  if (signal.aborted && (!ours || ours.code === 'ABORTED'))
    return isWeightsealError(signal.reason) ? signal.reason : abortedError(signal);
  if (ours) return ours;
  const failure = failureOf(thrown);
  const cause = scrubbed(failure);
  if (isCondition(failure, asked)) return lost(asked, cause);
  const [code, hint] = rowOf(thrown, failure);
  const { failed, action, role, letter } = OPERATIONS[asked.operation];
  const advice = hint
    .replace('{action}', `Microsoft.Storage/storageAccounts/blobServices/containers/${action}`)
    .replace('{role}', role)
    .replace('{letter}', letter)
    .replace('{container}', asked.container);
  return new WeightsealError(code, `${asked.where} ${failed}. ${advice}`, { cause });
}

/** A signature that may create and not overwrite is refused where there is a blob, whatever the condition. */
function isCondition({ status, code }: Failure, { condition }: Asked): boolean {
  if (CONDITION_CODES.includes(code)) return true;
  if (code === 'UnauthorizedBlobOverwrite') return condition !== undefined && 'ifAbsent' in condition;
  // Blocks that are gone were dropped when somebody else wrote the blob.
  if (code === 'InvalidBlockList') return true;
  return status === 412 && !Object.hasOwn(byCode, code);
}

function lost({ condition, where }: Asked, cause: unknown): WeightsealError {
  if (condition && 'ifAbsent' in condition)
    return new WeightsealError(
      'OUTPUT_EXISTS',
      `${where} exists already. Choose another name, or remove it first.`,
      { cause },
    );
  return replaced(where, cause);
}

function rowOf(thrown: unknown, failure: Failure): Row {
  const token = tokenFailure(thrown);
  if (token) return ofToken(token);
  const { status, code } = failure;
  if (Object.hasOwn(byCode, code)) return byCode[code]!;
  if (status === undefined) {
    const found = byConnection.find(([word]) => word.test(code))?.[1];
    if (found) return found;
    return failure.name === 'RangeError' || code === 'PARSE_ERROR' ? FOREIGN : LOST;
  }
  if (Object.hasOwn(byStatus, status)) return byStatus[status]!;
  if (status >= 300 && status < 400) return LEADS_ELSEWHERE;
  // A sound status, and an answer that the SDK cannot read.
  return status < 300 ? FOREIGN : [codeOfStatus(status), FOREIGN[1]];
}

function ofToken(failure: TokenFailure): Row {
  const { message, status = 0, code } = failureOf(failure.cause);
  const away = /network_error|endpoints_resolution_error|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/;
  return status >= 500 || away.test(`${code} ${message}`) ? NO_ENTRA : NO_TOKEN;
}

const MAX_CAUSES = 6;

function tokenFailure(thrown: unknown): TokenFailure | undefined {
  let one = thrown;
  for (let depth = 0; depth < MAX_CAUSES && typeof one === 'object' && one !== null; depth++) {
    if (one instanceof TokenFailure) return one;
    one = (one as { cause?: unknown }).cause;
  }
  return undefined;
}

interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly errorCode?: unknown } | undefined;
  readonly response?: { readonly status?: unknown; readonly headers?: { get?(name: string): unknown } };
}

export function failureOf(thrown: unknown): Failure {
  const from = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkError;
  const header = (name: string) => text(from.response?.headers?.get?.(name));
  const status = from.statusCode ?? from.response?.status;
  return {
    name: text(from.name) ?? 'Error',
    message: typeof from.message === 'string' ? from.message : '',
    status: typeof status === 'number' ? status : undefined,
    // An answer to HEAD has no body, and its code in a header alone.
    code: header('x-ms-error-code') ?? text(from.details?.errorCode) ?? text(from.code) ?? '',
    requestId: header('x-ms-request-id'),
  };
}

function scrubbed({ name, status, code, requestId }: Failure): Error {
  const cause = new Error(status === undefined ? 'There was no answer.' : `The answer has status ${status}.`);
  cause.name = name;
  return Object.assign(cause, {
    ...(status !== undefined && { statusCode: status }),
    ...(code && { code }),
    ...(requestId && { requestId }),
  });
}

/** Shorter than a key in base64, which a server could send as a code. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,42}$/.test(value) ? value : undefined;
}
