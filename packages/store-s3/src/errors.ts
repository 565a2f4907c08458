import { codeOfStatus, type ErrorCode, isWeightsealError, replaced, WeightsealError } from '@weightseal/core';
import { type Asked, PERMISSIONS } from './asked.js';
import {
  BROKEN,
  callerFailures,
  NO_REGION,
  networkFailures,
  type Row,
  serviceFailures,
  TLS_FAILURE,
  UNASKED,
  UNREACHED,
  UNREADABLE,
} from './failure-table.js';

/** What the SDK's errors have in common. Nothing else of them is looked at, since they hold requests and answers, and what was signed. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Where the bucket is, as the answer says. */
  readonly region: string | undefined;
}

/** The error of ours for what the SDK threw. The cause is a copy without the request, the answer and any message that could repeat them. */
export function s3Failure(thrown: unknown, asked: Asked, uri: string): WeightsealError {
  if (isWeightsealError(thrown)) return thrown;
  const error = read(thrown);
  const cause = scrubbed(error);
  const where = asked.key === '' ? uri : `${uri}/${asked.key}`;
  if (isLost(error, asked)) return lost(asked, where, cause);
  const [code, advice] = rowOf(error);
  const hint = advice
    .replace('{permission}', PERMISSIONS[asked.operation])
    .replace('{region}', error.region ?? 'another')
    .replace('{bucket}', uri);
  return new WeightsealError(code, `S3 did not ${asked.operation} for ${where}. ${hint}`, { cause });
}

/** Where the condition of a request did not hold. */
function isLost({ name, status }: SdkError, { operation, condition }: Asked): boolean {
  if (name === 'PreconditionFailed' || status === 412) return true;
  if (!condition) return false;
  // A version was to be replaced, and there is nothing.
  if ('ifVersion' in condition && (name === 'NoSuchKey' || name === 'NotFound')) return true;
  // Another write was under way. A put may be tried again, and is told then; an upload has to be begun anew.
  return operation === 'CompleteMultipartUpload' && name === 'ConditionalRequestConflict';
}

function lost({ condition }: Asked, where: string, cause: unknown): WeightsealError {
  if (!condition || !('ifAbsent' in condition)) return replaced(where, cause);
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `${where} exists already, and nothing was written in its place. Remove it, or write to another place.`,
    { cause },
  );
}

function rowOf(error: SdkError): Row {
  const { name, code, message, status } = error;
  const known = own(serviceFailures, name) ?? own(callerFailures, name) ?? own(networkFailures, code);
  if (known) return known;
  if (/^KMS\./.test(name)) return serviceFailures['KMS.DisabledException']!;
  if (message === 'Region is missing') return NO_REGION;
  if (isTls(code)) return TLS_FAILURE;
  if (status !== undefined && (status < 200 || status >= 300)) return ofStatus(status);
  if (name === 'AnswerTooLong') return UNREADABLE;
  if (name === 'TimeoutError') return UNREACHED;
  return status === undefined && !code.startsWith('HPE_') ? UNASKED : UNREADABLE;
}

/** An answer to HEAD has no body, and so no code; some servers have codes of their own. */
function ofStatus(status: number): Row {
  if (status === 301 || status === 307 || status === 308) return serviceFailures['PermanentRedirect']!;
  const code: ErrorCode = codeOfStatus(status);
  if (code === 'STORE_DENIED') return serviceFailures['AccessDenied']!;
  if (code === 'STORE_THROTTLED') return serviceFailures['SlowDown']!;
  if (code === 'INPUT_NOT_FOUND') return serviceFailures['NotFound']!;
  if (status === 409) return serviceFailures['OperationAborted']!;
  if (status === 501) return serviceFailures['NotImplemented']!;
  return code === 'STORE_UNAVAILABLE' ? BROKEN : UNREADABLE;
}

function isTls(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$)/.test(
    code,
  );
}

function own(table: Readonly<Record<string, Row>>, name: string): Row | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The status of what the SDK threw; undefined where there was no answer. */
export function statusOf(thrown: unknown): number | undefined {
  return read(thrown).status;
}

function read(thrown: unknown): SdkError {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const metadata = (error['$metadata'] ?? {}) as Record<string, unknown>;
  const answer = error['$response'] as { readonly headers?: Record<string, unknown> } | undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const status = metadata['httpStatusCode'];
  const region = text(answer?.headers?.['x-amz-bucket-region']) || text(error['Region']);
  // On an error that a service sent, `code` is nothing but a member of its answer.
  const code =
    '$fault' in error ? '' : text(error['code']) || text((error['cause'] as { code?: unknown })?.code);
  return {
    name: text(error['name']),
    message: text(error['message']),
    code,
    status: typeof status === 'number' ? status : undefined,
    requestId: text(metadata['requestId']) || undefined,
    region: /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/.test(region) ? region : undefined,
  };
}

/** What the SDK throws for an answer that says no. */
export function sdkError(status: number, headers: ReadonlyMap<string, string>, xml: string): object {
  const told = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
  return {
    $fault: status < 500 ? 'client' : 'server',
    name: told('Code') || 'UnknownError',
    message: told('Message'),
    Region: told('Region'),
    $metadata: { httpStatusCode: status, requestId: headers.get('x-amz-request-id') },
    $response: { headers: Object.fromEntries(headers) },
  };
}

const MAX_MESSAGE = 500;
/** Signatures, tokens, keys: where a server repeats the request. No part of an ARN is as long. */
const keyLike = /[A-Za-z0-9+/=]{40,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g;
const ofTheRuntime = ['Error', 'TypeError', 'SyntaxError', 'TimeoutError', 'AggregateError', 'AbortError'];

/** A name that a server made up could be anything; so could the message of one that is not known. */
function scrubbed({ name, message, code, status, requestId }: SdkError): Error {
  const knownName =
    Object.hasOwn(serviceFailures, name) ||
    Object.hasOwn(callerFailures, name) ||
    ofTheRuntime.includes(name);
  const quotable =
    Object.hasOwn(serviceFailures, name) || Object.hasOwn(networkFailures, code) || isTls(code);
  const copy = new Error(
    quotable
      ? message.replace(keyLike, '…').replace(/\s+/g, ' ').slice(0, MAX_MESSAGE).trim()
      : 'The message is left out, since it may repeat the request or the answer.',
  );
  copy.name = knownName ? name : 'UnknownError';
  return Object.assign(copy, {
    ...(/^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? { code } : {}),
    ...(status === undefined ? {} : { status }),
    ...(requestId !== undefined && /^[A-Za-z0-9-]{1,36}$/.test(requestId) ? { requestId } : {}),
  });
}
