import type { ErrorCode } from '@weightseal/core';

/** `{permission}` and `{key}` stand for what was asked for. */
export type Row = readonly [ErrorCode, string];
type Table = Readonly<Record<string, Row>>;

const POLICY = 'in its IAM policy or in the key policy';
export const OVERLOADED: Row = [
  'KEY_THROTTLED',
  'AWS KMS is being asked too often. Wait, or raise the request quota of the account.',
];
export const BROKEN: Row = [
  'KEY_UNAVAILABLE',
  'AWS KMS could not do it just now. Try again; see the AWS Health Dashboard if it goes on.',
];
const LOST: Row = [
  'KEY_UNAVAILABLE',
  'The connection to AWS KMS was lost. Try again; check the network and proxies.',
];
export const UNREACHED: Row = [
  'KEY_UNAVAILABLE',
  'AWS KMS cannot be reached. Check the network, security groups and VPC endpoints.',
];
const RENEW: Row = [
  'KEY_DENIED',
  'The AWS credentials have expired. Renew them (aws sso login, or a new session token).',
];
const UNKNOWN_CALLER: Row = [
  'KEY_DENIED',
  'AWS does not know these credentials in this partition. Check the access key and the region.',
];
const CLOCK: Row = [
  'KEY_DENIED',
  'AWS did not accept the signature. Check the secret access key, and the clock of this machine: it must not differ by more than five minutes.',
];

/** What AWS KMS itself says, by the error's name: its message holds names and states, and is kept in the cause. */
export const serviceFailures: Table = {
  AccessDeniedException: [
    'KEY_DENIED',
    `This identity may not use {key} in this way. Grant it {permission} ${POLICY}, for this encryption context.`,
  ],
  NotFoundException: [
    'KEY_NOT_FOUND',
    'There is no such key. Check the name, the account and the region of {key}.',
  ],
  InvalidArnException: [
    'KEY_NOT_FOUND',
    'AWS KMS does not take that ARN. Check that {key} is of the region that is asked.',
  ],
  DisabledException: ['KEY_DISABLED', 'The key is disabled. Enable {key} (aws kms enable-key).'],
  KMSInvalidStateException: [
    'KEY_DISABLED',
    'The state of the key does not allow it: it waits for its deletion or for imported key material, or its custom key store is not connected. See aws kms describe-key, and cancel the deletion if {key} is still needed.',
  ],
  KeyUnavailableException: ['KEY_UNAVAILABLE', 'The key is not available just now. Try again.'],
  DependencyTimeoutException: BROKEN,
  KMSInternalException: BROKEN,
  ThrottlingException: OVERLOADED,
  LimitExceededException: [
    'KEY_THROTTLED',
    'A quota of AWS KMS is used up. Wait, or have it raised; a key can be rotated on demand 25 times, and no more.',
  ],
  ConflictException: [
    'KEY_UNAVAILABLE',
    'A rotation of the key is under way or begins within 20 minutes. Try again after it.',
  ],
  InvalidCiphertextException: [
    'UNWRAP_REJECTED',
    'The wrap or its context was changed, or another key made it. Check that the context is the one it was sealed with, or put back an intact copy.',
  ],
  IncorrectKeyException: [
    'UNWRAP_REJECTED',
    'Another key made this wrap. Name the key that did; an alias may point to another key by now.',
  ],
  InvalidKeyUsageException: [
    'INVALID_ARGUMENT',
    'The key is not made for this. Name a symmetric key whose usage is ENCRYPT_DECRYPT.',
  ],
  UnsupportedOperationException: [
    'INVALID_ARGUMENT',
    'A key of this kind cannot do that: asymmetric keys, keys of a custom key store and replica keys cannot be rotated here.',
  ],
  ValidationException: ['INVALID_ARGUMENT', 'AWS KMS does not take the request. Check the name of the key.'],
  InvalidGrantTokenException: ['KEY_DENIED', 'The grant is not valid. Grant {permission} on {key} anew.'],
};

const NO_SIGNER: Row = [
  'SIGNING_KEY_UNFIT',
  'The key does not sign. Name an asymmetric key whose usage is SIGN_VERIFY (aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY).',
];

/** What the same names mean where a signature or its public key was asked for. */
export const signingFailures: Table = {
  AccessDeniedException: [
    'KEY_DENIED',
    `This identity may not use {key} in this way. Grant it {permission} ${POLICY}.`,
  ],
  InvalidKeyUsageException: NO_SIGNER,
  UnsupportedOperationException: NO_SIGNER,
};

/** What is said of the caller. SignatureDoesNotMatch repeats the signed headers, session token and all: never kept. */
export const callerFailures: Table = {
  CredentialsProviderError: [
    'KEY_DENIED',
    'No AWS credentials were found. Give some by the environment (AWS_ACCESS_KEY_ID or AWS_PROFILE), aws sso login, or a role of this machine; aws sts get-caller-identity shows what is found.',
  ],
  UnrecognizedClientException: UNKNOWN_CALLER,
  InvalidClientTokenId: UNKNOWN_CALLER,
  OptInRequired: ['KEY_DENIED', 'The account has no access to AWS KMS in this region. Enable the region.'],
  MissingAuthenticationToken: CLOCK,
  MissingAuthenticationTokenException: CLOCK,
  IncompleteSignature: CLOCK,
  IncompleteSignatureException: CLOCK,
  InvalidSignatureException: CLOCK,
  SignatureDoesNotMatch: CLOCK,
  RequestExpired: CLOCK,
  RequestInTheFuture: CLOCK,
  RequestTimeTooSkewed: CLOCK,
  ExpiredToken: RENEW,
  ExpiredTokenException: RENEW,
  TokenProviderError: RENEW,
  InvalidIdentityToken: RENEW,
  AccessDenied: [
    'KEY_DENIED',
    'AWS STS does not let this identity take the role that its profile names. Check the trust policy of the role.',
  ],
};

/** What Node says of the way there, by the error's code. */
export const networkFailures: Table = {
  ECONNREFUSED: [
    'KEY_UNAVAILABLE',
    'The connection to AWS KMS was refused. Check the endpoint and the network.',
  ],
  ENOTFOUND: [
    'KEY_UNAVAILABLE',
    'The host of AWS KMS was not found. Check the region, the endpoint and the name service.',
  ],
  EAI_AGAIN: ['KEY_UNAVAILABLE', 'The name service did not answer. Check the network.'],
  ECONNRESET: LOST,
  EPIPE: LOST,
  ETIMEDOUT: UNREACHED,
  EHOSTUNREACH: UNREACHED,
  ENETUNREACH: UNREACHED,
};

export const TLS_FAILURE: Row = [
  'KEY_UNAVAILABLE',
  'No TLS connection could be made: the certificate is not trusted, or the endpoint does not speak TLS. Check the endpoint; NODE_EXTRA_CA_CERTS adds an authority.',
];
export const NO_REGION: Row = [
  'INVALID_ARGUMENT',
  'No region is known. Name the key by its ARN, add ?region= to its URI, or set AWS_REGION.',
];
export const UNREADABLE: Row = [
  'KEY_RESPONSE_INVALID',
  'What answered is not AWS KMS. Check the endpoint and proxies.',
];
export const UNASKED: Row = [
  'KEY_UNAVAILABLE',
  'It could not be asked at all. Check the endpoint, clientConfig and the configuration files of AWS.',
];
