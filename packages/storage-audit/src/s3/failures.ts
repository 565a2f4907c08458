import { type ErrorCode, isWeightsealError, WeightsealError } from '@weightseal/core';

/** It could not be read, and the message says why. Nothing but a finding is made of it. */
export class Unread extends Error {
  override readonly name = 'Unread';
  /** For where it is an error: a change that was not made. */
  readonly code: ErrorCode;
  constructor(message: string, code: ErrorCode = 'STORE_RESPONSE_INVALID') {
    super(message);
    this.code = code;
  }
}

/** What was asked. */
export interface Asked {
  /** The operation of the API, `GetBucketPolicy`. */
  readonly operation: string;
  /** The permission that it needs, `s3:GetBucketPolicy`. */
  readonly permission: string;
  /** What is asked about, `s3://bucket`. */
  readonly of: string;
  /** The account that it was said to belong to. */
  readonly owner?: string | undefined;
  /** What could not be done; `read` unless told. */
  readonly doing?: 'changed' | undefined;
}

/** Without these nothing at all can be read there. */
const ENDING: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  NoSuchBucket: ['INPUT_NOT_FOUND', 'There is no such bucket. Check its name, the region and the endpoint.'],
  InvalidBucketName: ['INPUT_NOT_FOUND', 'No bucket can have that name. Check it.'],
  CredentialsProviderError: [
    'STORE_DENIED',
    'No AWS credentials were found. Give some by the environment (AWS_ACCESS_KEY_ID or AWS_PROFILE), aws sso login, or a role of this machine.',
  ],
  ...named(
    ['InvalidAccessKeyId', 'InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidToken'],
    ['STORE_DENIED', 'These credentials are not known there. Check the access key and the endpoint.'],
  ),
  ...named(
    ['SignatureDoesNotMatch', 'RequestTimeTooSkewed', 'InvalidSignatureException'],
    ['STORE_DENIED', 'The signature was not accepted. Check the secret access key, and the clock.'],
  ),
  ...named(
    ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'TokenProviderError'],
    ['STORE_DENIED', 'The AWS credentials have expired. Renew them (aws sso login, or a new session token).'],
  ),
  ...named(
    ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException', 'Redirect'],
    ['STORE_RESPONSE_INVALID', 'The bucket is in another region. Set it (`region`, or AWS_REGION).'],
  ),
};

/** By the name of the error, by the code of Node's, or by the status. */
const REASONS: Readonly<Record<string, string>> = {
  AbortError: 'It was not answered in time.',
  ...named(['NotImplemented', 'XNotImplemented', '501'], 'The server does not have that.'),
  ...named(['MethodNotAllowed', '405'], 'The server does not allow that to be asked.'),
  ...named(
    ['SlowDown', 'Throttling', 'ThrottlingException', 'TooManyRequestsException', '429', '503'],
    'It is being asked too often. Try again later.',
  ),
  ...named(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'], 'It cannot be reached. Check the endpoint.'),
  ...named(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'TimeoutError'], 'The connection was lost. Try again.'),
  ...named(['NotFoundException', 'NoSuchKey', 'NotFound', '404'], 'It is not there.'),
};

function named<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** What the SDK's errors have in common. Nothing else of them is looked at, since they hold requests and answers, and what was signed. */
export interface Said {
  readonly name: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly noRegion: boolean;
}

/** An error of ours where nothing can be read at all, else the reason why this could not be. The SDK's messages are in neither, since they repeat what was signed. */
export function failureOf(thrown: unknown, asked: Asked): WeightsealError | Unread {
  if (thrown instanceof Unread) return thrown;
  const beginning = `${asked.operation} of ${asked.of} could not be ${asked.doing ?? 'read'}.`;
  if (isWeightsealError(thrown))
    return thrown.code === 'KEY_TIMEOUT'
      ? new Unread(`${beginning} It was not answered in time.`, 'STORE_TIMEOUT')
      : thrown;
  const error = saidBy(thrown);
  const ending = Object.hasOwn(ENDING, error.name) ? ENDING[error.name] : undefined;
  if (ending) return new WeightsealError(ending[0], `${beginning} ${ending[1]}`, { cause: copyOf(error) });
  if (error.noRegion)
    return new WeightsealError('INVALID_ARGUMENT', `${beginning} Set \`region\`, or AWS_REGION.`);
  return new Unread(`${beginning} ${reasonOf(error, asked)}`, codeOf(error));
}

function codeOf({ name, code, status }: Said): ErrorCode {
  if (status === 403 || status === 401) return 'STORE_DENIED';
  if (status === 501 || status === 405) return 'STORE_UNSUPPORTED';
  if (status === 429 || status === 503) return 'STORE_THROTTLED';
  if (name === 'AbortError') return 'STORE_TIMEOUT';
  const isAnswer = status !== undefined && status >= 400 && status < 500;
  return isAnswer && code === '' ? 'STORE_RESPONSE_INVALID' : 'STORE_UNAVAILABLE';
}

function reasonOf({ name, code, status }: Said, { permission, owner }: Asked): string {
  const known = [name, code, String(status)].find((one) => Object.hasOwn(REASONS, one));
  if (known !== undefined) return REASONS[known]!;
  if (status === 403 || status === 401 || /^AccessDenied|^Forbidden$/.test(name))
    return `This identity may not do that. Grant it ${permission}${owner === undefined ? '' : `, and check that the bucket belongs to ${owner}`}.`;
  if (status !== undefined && status >= 500) return 'The service failed. Try again later.';
  return 'What was answered could not be understood. Check the endpoint and proxies.';
}

export function saidBy(thrown: unknown): Said {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const metadata = (error['$metadata'] ?? {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const status = metadata['httpStatusCode'];
  return {
    name: text(error['name']),
    code: text(error['code']) || text((error['cause'] as { code?: unknown } | undefined)?.code),
    status: typeof status === 'number' ? status : undefined,
    noRegion: text(error['message']) === 'Region is missing',
  };
}

function copyOf({ name, status }: Said): Error {
  const copy = new Error('The message is left out, since it may repeat the request or the answer.');
  copy.name = name;
  return Object.assign(copy, status === undefined ? {} : { status });
}
