import type { ErrorCode } from '@weightseal/core';

/** `{permission}`, `{bucket}` and `{region}` stand for what was asked for, and for what the answer told. */
export type Row = readonly [ErrorCode, string];
type Table = Readonly<Record<string, Row>>;

const OVERLOADED: Row = [
  'STORE_THROTTLED',
  'S3 is being asked too often. Wait, or ask for less at once (`concurrency`).',
];
export const BROKEN: Row = [
  'STORE_UNAVAILABLE',
  'S3 could not do it just now. Try again; see the AWS Health Dashboard if it goes on.',
];
const LOST: Row = [
  'STORE_UNAVAILABLE',
  'The connection to S3 was lost. Try again; check the network and proxies.',
];
export const UNREACHED: Row = [
  'STORE_UNAVAILABLE',
  'S3 cannot be reached. Check the network, security groups and VPC endpoints.',
];
const CHANGED_ON_THE_WAY: Row = [
  'STORE_UNAVAILABLE',
  'The bytes did not arrive as they were sent, and S3 took none of them. Try again; check what stands between.',
];
const DENIED: Row = [
  'STORE_DENIED',
  'This identity may not do that. Grant it {permission} in its IAM policy or in the bucket policy of {bucket}; without s3:ListBucket, what is not there looks the same.',
];
const RENEW: Row = [
  'STORE_DENIED',
  'The AWS credentials have expired. Renew them (aws sso login, or a new session token).',
];
const UNKNOWN_CALLER: Row = [
  'STORE_DENIED',
  'S3 does not know these credentials. Check the access key, and that it is of this endpoint and partition.',
];
const CLOCK: Row = [
  'STORE_DENIED',
  'S3 did not accept the signature. Check the secret access key, and the clock of this machine: it must not differ by more than 15 minutes.',
];
const ELSEWHERE: Row = [
  'STORE_RESPONSE_INVALID',
  'The bucket is in the region {region}, and no answer is followed to another host. Set the region of the bucket (`region`, or AWS_REGION).',
];
const ABSENT: Row = ['INPUT_NOT_FOUND', 'There is no such object. Check the bucket and the key.'];
const ENDED: Row = [
  'STORE_RESPONSE_INVALID',
  'The upload is there no more: it was given up, by a lifecycle rule perhaps, or is complete already. Look whether the object is there, and begin anew.',
];

const BESIDE: Row = [
  'STORE_UNSUPPORTED',
  'This server cannot have an object beside others below its key. Choose another key.',
];

/** What S3 itself says, by the error's name: its message holds names and states, and is kept in the cause. */
export const serviceFailures: Table = {
  AccessDenied: DENIED,
  AccessDeniedException: DENIED,
  Forbidden: DENIED,
  AllAccessDisabled: DENIED,
  AccountProblem: ['STORE_DENIED', 'There is a problem with the AWS account. See its support page.'],
  NotSignedUp: ['STORE_DENIED', 'The AWS account has no access to S3. Sign up for it.'],
  InvalidPayer: DENIED,
  NoSuchKey: ABSENT,
  NotFound: ABSENT,
  NoSuchVersion: ABSENT,
  NoSuchBucket: ['INPUT_NOT_FOUND', 'There is no bucket {bucket}. Check its name, and the endpoint.'],
  NoSuchUpload: ENDED,
  InvalidPart: ENDED,
  InvalidPartOrder: ENDED,
  InvalidObjectState: [
    'STORE_UNSUPPORTED',
    'The object is archived, and cannot be read as it is. Restore it first (aws s3api restore-object).',
  ],
  PreconditionFailed: ['INPUT_CHANGED', 'The object is another one by now.'],
  // Both ask for the same again.
  ConditionalRequestConflict: [
    'STORE_UNAVAILABLE',
    'Somebody writes the same object at this moment. Try again.',
  ],
  OperationAborted: ['STORE_UNAVAILABLE', 'Something else is being done there at this moment. Try again.'],
  EntityTooSmall: [
    'STORE_RESPONSE_INVALID',
    'The server wants larger parts than S3 does. Raise `partBytes`.',
  ],
  EntityTooLarge: ['STORE_UNSUPPORTED', 'The server takes no object, or no part, of that size.'],
  KeyTooLongError: ['STORE_UNSUPPORTED', 'The key is too long: S3 takes 1,024 bytes. Choose a shorter one.'],
  InvalidRange: ['STORE_RESPONSE_INVALID', 'The server does not have the range that was asked for.'],
  BadDigest: CHANGED_ON_THE_WAY,
  InvalidDigest: CHANGED_ON_THE_WAY,
  XAmzContentSHA256Mismatch: CHANGED_ON_THE_WAY,
  XAmzContentChecksumMismatch: CHANGED_ON_THE_WAY,
  IncompleteBody: LOST,
  RequestTimeout: LOST,
  SlowDown: OVERLOADED,
  SlowDownRead: OVERLOADED,
  SlowDownWrite: OVERLOADED,
  ServiceUnavailable: OVERLOADED,
  Throttling: OVERLOADED,
  ThrottlingException: OVERLOADED,
  TooManyRequests: OVERLOADED,
  RequestLimitExceeded: OVERLOADED,
  BandwidthLimitExceeded: OVERLOADED,
  Busy: OVERLOADED,
  InternalError: BROKEN,
  PermanentRedirect: ELSEWHERE,
  TemporaryRedirect: ELSEWHERE,
  Redirect: ELSEWHERE,
  IllegalLocationConstraintException: ELSEWHERE,
  AuthorizationHeaderMalformed: ELSEWHERE,
  NotImplemented: ['STORE_UNSUPPORTED', 'The server does not have that. Use another one.'],
  MethodNotAllowed: [
    'STORE_UNSUPPORTED',
    'That cannot be done with it. Is it a deleted version, or no object?',
  ],
  XNotImplemented: ['STORE_UNSUPPORTED', 'The server does not have that. Use another one.'],
  // Of servers whose objects are files.
  ObjectParentIsFile: BESIDE,
  ExistingObjectIsDirectory: BESIDE,
  InvalidBucketName: ['INPUT_NOT_FOUND', 'No bucket can have that name. Check it.'],
  InvalidEncryptionAlgorithmError: [
    'STORE_UNSUPPORTED',
    'The bucket asks for an encryption that the request did not name. Set a default encryption of the bucket.',
  ],
  'KMS.DisabledException': [
    'STORE_DENIED',
    'The key of AWS KMS under which S3 itself encrypts the bucket cannot be used. Check its state, and its policy (kms:Decrypt, kms:GenerateDataKey).',
  ],
};

/** What is said of the caller. SignatureDoesNotMatch and InvalidAccessKeyId repeat what was signed, and the key's name: never kept. */
export const callerFailures: Table = {
  CredentialsProviderError: [
    'STORE_DENIED',
    'No AWS credentials were found. Give some by the environment (AWS_ACCESS_KEY_ID or AWS_PROFILE), aws sso login, or a role of this machine; aws sts get-caller-identity shows what is found.',
  ],
  InvalidAccessKeyId: UNKNOWN_CALLER,
  InvalidClientTokenId: UNKNOWN_CALLER,
  UnrecognizedClientException: UNKNOWN_CALLER,
  InvalidSecurity: UNKNOWN_CALLER,
  InvalidToken: UNKNOWN_CALLER,
  MissingSecurityHeader: CLOCK,
  MissingAuthenticationToken: CLOCK,
  SignatureDoesNotMatch: CLOCK,
  InvalidSignatureException: CLOCK,
  RequestExpired: CLOCK,
  RequestTimeTooSkewed: CLOCK,
  RequestInTheFuture: CLOCK,
  ExpiredToken: RENEW,
  ExpiredTokenException: RENEW,
  TokenRefreshRequired: RENEW,
  TokenProviderError: RENEW,
};

/** What Node says of the way there, by the error's code. */
export const networkFailures: Table = {
  ECONNREFUSED: [
    'STORE_UNAVAILABLE',
    'The connection to S3 was refused. Check the endpoint and the network.',
  ],
  ENOTFOUND: [
    'STORE_UNAVAILABLE',
    'The host of S3 was not found. Check the region, the endpoint and the name service; servers of others may need `pathStyle`.',
  ],
  EAI_AGAIN: ['STORE_UNAVAILABLE', 'The name service did not answer. Check the network.'],
  ECONNRESET: LOST,
  ECONNABORTED: LOST,
  EPIPE: LOST,
  ERR_STREAM_PREMATURE_CLOSE: LOST,
  ETIMEDOUT: UNREACHED,
  EHOSTUNREACH: UNREACHED,
  ENETUNREACH: UNREACHED,
};

export const TLS_FAILURE: Row = [
  'STORE_UNAVAILABLE',
  'No TLS connection could be made: the certificate is not trusted, or the endpoint does not speak TLS. Check the endpoint; NODE_EXTRA_CA_CERTS adds an authority.',
];
export const NO_REGION: Row = [
  'INVALID_ARGUMENT',
  'No region is known. Set `region`, or AWS_REGION; servers of others mostly take us-east-1.',
];
export const UNREADABLE: Row = [
  'STORE_RESPONSE_INVALID',
  'What answered is not S3, or does not speak it as S3 does. Check the endpoint and proxies.',
];
export const UNASKED: Row = [
  'STORE_UNAVAILABLE',
  'It could not be asked at all. Check the endpoint, clientConfig and the configuration files of AWS.',
];
