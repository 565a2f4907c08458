import { isWeightsealError, WeightsealError } from '@weightseal/core';
import {
  BROKEN,
  callerFailures,
  NO_REGION,
  networkFailures,
  OVERLOADED,
  type Row,
  serviceFailures,
  signingFailures,
  TLS_FAILURE,
  UNASKED,
  UNREACHED,
  UNREADABLE,
} from './failure-table.js';

/** What was asked, for the sentence: the operation is also the name of the permission. */
export interface Asked {
  readonly operation: string;
  readonly key: string;
}

/** What the SDK's errors have in common. Nothing else of them is looked at, since they hold requests and answers. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
}

/**
 * The error of ours for what the SDK threw. The cause is a copy without the request, the answer and any message that
 * could repeat them. By name and code, not by class: some errors arrive as a bare KMSServiceException, and the client
 * may be another copy of the SDK.
 */
export function awsFailure(thrown: unknown, asked: Asked): WeightsealError {
  if (isWeightsealError(thrown)) return thrown;
  const error = read(thrown);
  const [code, advice] = rowOf(error, asked);
  const hint = advice.replace('{permission}', `kms:${asked.operation}`).replace('{key}', asked.key);
  return new WeightsealError(code, `AWS KMS did not ${asked.operation} with ${asked.key}. ${hint}`, {
    cause: scrubbed(error),
  });
}

const SIGNING = ['GetPublicKey', 'Sign'];

function rowOf(error: SdkError, { operation }: Asked): Row {
  const { name, code, message, status } = error;
  const ofSigning = SIGNING.includes(operation) ? own(signingFailures, name) : undefined;
  if (ofSigning) return ofSigning;
  // Any key that stands in the configuration is sound, so it is the wrap that AWS does not take.
  if (name === 'ValidationException' && operation === 'Decrypt')
    return serviceFailures['InvalidCiphertextException']!;
  const known = own(serviceFailures, name) ?? own(callerFailures, name) ?? own(networkFailures, code);
  if (known) return known;
  if (message === 'Region is missing') return NO_REGION;
  if (isTls(code)) return TLS_FAILURE;
  if (status === 429) return OVERLOADED;
  if (status !== undefined && status >= 500) return BROKEN;
  if (name === 'TimeoutError') return UNREACHED;
  return status === undefined && !code.startsWith('HPE_') ? UNASKED : UNREADABLE;
}

function isTls(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$)/.test(
    code,
  );
}

function own(table: Readonly<Record<string, Row>>, name: string): Row | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function read(thrown: unknown): SdkError {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const metadata = (error['$metadata'] ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const status = metadata['httpStatusCode'];
  // On an error that a service sent, `code` is nothing but a member of its JSON.
  const code =
    '$fault' in error ? '' : text(error['code']) || text((error['cause'] as { code?: unknown })?.code);
  return {
    name: text(error['name']),
    message: text(error['message']),
    code,
    status: typeof status === 'number' ? status : undefined,
    requestId: text(metadata['requestId']) || undefined,
  };
}

const MAX_MESSAGE = 500;
/** Base64 or hex of a key, a token: where a server repeats the request. No part of an ARN is as long. */
const keyLike = /[A-Za-z0-9+/=]{40,}/g;
const ofTheRuntime = ['Error', 'TypeError', 'SyntaxError', 'TimeoutError', 'AggregateError'];

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
