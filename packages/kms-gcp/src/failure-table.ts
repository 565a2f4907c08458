import type { ErrorCode } from '@weightseal/core';
import type { Operation } from './operations.js';

/** `{key}`, `{permission}` and `{role}` stand for what was asked for. */
export type Row = readonly [ErrorCode, string];

/** Of `google.rpc.Code`, which REST carries as HTTP codes and as `status`. */
export const CODE = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const BROKEN: Row = [
  'KEY_UNAVAILABLE',
  'Cloud KMS could not do it just now. Try again; see status.cloud.google.com if it goes on.',
];
const LOGIN: Row = [
  'KEY_DENIED',
  'The Google credentials are not valid, or not any more. Renew them (gcloud auth application-default login, or a new service account key), and check the clock of this machine.',
];

/** What Cloud KMS says, by code. Its message names key, version and state, and is kept in the cause. */
export const byCode: Readonly<Record<number, Row>> = {
  [CODE.CANCELLED]: ['KEY_UNAVAILABLE', 'The call was cut off on its way. Try again; check proxies.'],
  [CODE.INVALID_ARGUMENT]: [
    'INVALID_ARGUMENT',
    'Cloud KMS does not take the request. Name a key whose purpose is ENCRYPT_DECRYPT; see gcloud kms keys describe.',
  ],
  [CODE.DEADLINE_EXCEEDED]: [
    'KEY_TIMEOUT',
    'There was no answer within the deadline. Check that Cloud KMS can be reached, or raise deadlineMs.',
  ],
  [CODE.NOT_FOUND]: [
    'KEY_NOT_FOUND',
    'There is no such key or version. Check project, location, key ring and key of {key}.',
  ],
  [CODE.PERMISSION_DENIED]: [
    'KEY_DENIED',
    'This identity may not do that, or the key does not exist. Grant it {permission} on {key} ({role} has it).',
  ],
  [CODE.RESOURCE_EXHAUSTED]: [
    'KEY_THROTTLED',
    'A quota of Cloud KMS is used up. Wait, or raise the quota of the project.',
  ],
  [CODE.FAILED_PRECONDITION]: [
    'KEY_DISABLED',
    'The state of the key version does not allow it: it is disabled, destroyed or to be destroyed, or the manager of an external key does not let it be used. See gcloud kms keys versions list, and enable or restore it.',
  ],
  [CODE.ABORTED]: ['KEY_UNAVAILABLE', 'Another change of the key was under way. Try again.'],
  [CODE.INTERNAL]: BROKEN,
  [CODE.UNAVAILABLE]: [
    'KEY_UNAVAILABLE',
    'Cloud KMS cannot be reached, or cannot answer now. Check the network, and try again.',
  ],
  [CODE.DATA_LOSS]: BROKEN,
  [CODE.UNAUTHENTICATED]: LOGIN,
};

export const REJECTED: Row = [
  'UNWRAP_REJECTED',
  'The wrap or its context was changed, or another key made it. Check that the context is the one it was sealed with, or put back an intact copy.',
];
const NEEDS_MATERIAL: Row = [
  'INVALID_ARGUMENT',
  'Cloud KMS makes no version of this key by itself: an imported key needs its material, an external one its URI. Make the version with gcloud kms keys versions, and make it primary.',
];
const NO_SCHEDULE: Row = [
  'INVALID_ARGUMENT',
  'A key of this kind has no schedule. Symmetric keys that Cloud KMS generates have; imported and external ones are rotated by hand.',
];

const NO_SIGNER: Row = [
  'SIGNING_KEY_UNFIT',
  'The key does not sign so. Name the version of a key whose purpose is ASYMMETRIC_SIGN and whose algorithm is ec-sign-p256-sha256 (or p384, or rsa-sign-pkcs1 with sha256).',
];

/** Where a code means something else for one method. Any key that was configured is sound: Decrypt refuses the wrap. */
export const byOperation: Readonly<Partial<Record<Operation, Readonly<Record<number, Row>>>>> = {
  decrypt: { [CODE.INVALID_ARGUMENT]: REJECTED },
  getPublicKey: { [CODE.INVALID_ARGUMENT]: NO_SIGNER },
  asymmetricSign: { [CODE.INVALID_ARGUMENT]: NO_SIGNER },
  createCryptoKeyVersion: {
    [CODE.INVALID_ARGUMENT]: NEEDS_MATERIAL,
    [CODE.FAILED_PRECONDITION]: NEEDS_MATERIAL,
  },
  updateCryptoKey: {
    [CODE.INVALID_ARGUMENT]: NO_SCHEDULE,
    [CODE.FAILED_PRECONDITION]: NO_SCHEDULE,
  },
};

const ENABLE_API: Row = [
  'KEY_DENIED',
  'The project of these credentials has not enabled the API. Run gcloud services enable cloudkms.googleapis.com; it takes some minutes.',
];
const BILLING: Row = ['KEY_DENIED', 'The project has no active billing account. Link one.'];

/** google.api.ErrorReason, where an answer carries an ErrorInfo. */
export const byReason: Readonly<Record<string, Row>> = {
  SERVICE_DISABLED: ENABLE_API,
  BILLING_DISABLED: BILLING,
  CONSUMER_INVALID: ENABLE_API,
  USER_PROJECT_DENIED: [
    'KEY_DENIED',
    'This identity may not use the quota project. Grant it roles/serviceusage.serviceUsageConsumer there, or name another (gcloud auth application-default set-quota-project).',
  ],
  ACCESS_TOKEN_EXPIRED: LOGIN,
  ACCESS_TOKEN_TYPE_UNSUPPORTED: LOGIN,
  CREDENTIALS_MISSING: LOGIN,
  ACCOUNT_STATE_INVALID: ['KEY_DENIED', 'The service account is disabled or deleted. Enable it.'],
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: [
    'KEY_DENIED',
    'The scopes of the credentials leave Cloud KMS out. Give the machine the scope cloud-platform, and decide by IAM what it may do.',
  ],
  SECURITY_POLICY_VIOLATED: [
    'KEY_DENIED',
    'A VPC Service Controls perimeter forbids the call. Ask who keeps the perimeter, with the id in the cause.',
  ],
};

/** What the SDK says in words only, the first that fits. None of it is quoted. */
export const byMessage: readonly (readonly [RegExp, Row])[] = [
  [
    /Could not load the default credentials|Unable to find credentials|No authentication was provided/,
    [
      'KEY_DENIED',
      'No Google credentials were found. Run gcloud auth application-default login, let the machine have a service account, or set GOOGLE_APPLICATION_CREDENTIALS.',
    ],
  ],
  [
    /universe domain/i,
    ['INVALID_ARGUMENT', 'The credentials are of another universe than the endpoint. Set universeDomain.'],
  ],
  [/invalid_grant|invalid_rapt|invalid_client|unauthorized_client|invalid_target|reauth/i, LOGIN],
  [
    /client has already been closed/,
    ['INVALID_ARGUMENT', 'The client that was given is closed. Keep it open for as long as the key is used.'],
  ],
];

/** What stops a connection, by a word in the message or the code. */
export const byConnection: readonly (readonly [RegExp, Row])[] = [
  [
    /ECONNREFUSED/,
    ['KEY_UNAVAILABLE', 'The connection was refused. Check the endpoint, the network and proxies.'],
  ],
  [
    /ENOTFOUND|EAI_AGAIN|Name resolution failed/,
    ['KEY_UNAVAILABLE', 'The host was not found. Check the endpoint and the name service.'],
  ],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    [
      'KEY_UNAVAILABLE',
      'The host cannot be reached. Check the network, firewalls and Private Google Access.',
    ],
  ],
  [
    /certificate|CERT_|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS|ERR_SSL|EPROTO|wrong version number/,
    [
      'KEY_UNAVAILABLE',
      'The certificate of the endpoint is not trusted. Check the endpoint; NODE_EXTRA_CA_CERTS adds an authority.',
    ],
  ],
  [
    /ECONNRESET|EPIPE|socket hang up|ERR_STREAM_PREMATURE_CLOSE|Premature close|Connection dropped|RST_STREAM/,
    ['KEY_UNAVAILABLE', 'The connection was lost. Try again; check the network and proxies.'],
  ],
];

export const NO_TOKEN: Row = [
  'KEY_UNAVAILABLE',
  'No access token could be had: its server (metadata.google.internal on Google Cloud, or the one that the credentials name) did not answer as it should. Check the network and the credentials.',
];
export const BAD_CREDENTIALS: Row = [
  'KEY_DENIED',
  'The Google credentials cannot be read. Check GOOGLE_APPLICATION_CREDENTIALS and the file that it names.',
];
export const ON_THE_WAY: Row = [
  'KEY_UNAVAILABLE',
  'The request arrived changed: its CRC32C checksum did not fit. Try again; check proxies.',
];
export const UNREADABLE: Row = [
  'KEY_RESPONSE_INVALID',
  'What answered is not Cloud KMS. Check the endpoint and proxies.',
];
