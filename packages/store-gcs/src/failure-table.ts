import type { ErrorCode } from '@weightseal/core';

/** `{permission}` and `{role}` stand for what the operation needs, `{bucket}` for the bucket. */
export type Row = readonly [ErrorCode, string];

export type Operation = 'stat' | 'read' | 'list' | 'write' | 'remove';

interface OperationFacts {
  /** How the sentence says that it failed. */
  readonly failed: string;
  readonly permission: string;
  readonly role: string;
}

export const OPERATIONS: Readonly<Record<Operation, OperationFacts>> = {
  stat: {
    failed: 'could not be looked at',
    permission: 'storage.objects.get',
    role: 'roles/storage.objectViewer',
  },
  read: {
    failed: 'could not be read',
    permission: 'storage.objects.get',
    role: 'roles/storage.objectViewer',
  },
  list: {
    failed: 'could not be listed',
    permission: 'storage.objects.list',
    role: 'roles/storage.objectViewer',
  },
  write: {
    failed: 'could not be written',
    permission: 'storage.objects.create (and storage.objects.delete to replace one)',
    role: 'roles/storage.objectUser',
  },
  remove: {
    failed: 'could not be removed',
    permission: 'storage.objects.delete',
    role: 'roles/storage.objectUser',
  },
};

export const LOGIN: Row = [
  'STORE_DENIED',
  'The Google credentials are not valid, or not any more. Renew them (gcloud auth application-default login, or a new service account key), and check the clock of this machine.',
];
const FULL: Row = [
  'STORE_THROTTLED',
  'A quota or rate limit of Cloud Storage is used up. Wait, or ask for less at once.',
];
const ENABLE_API: Row = [
  'STORE_DENIED',
  'The project has not enabled the API, or has no active billing account. Run gcloud services enable storage.googleapis.com, and check billing.',
];
const SCOPE: Row = [
  'STORE_DENIED',
  'The scopes of the credentials leave Cloud Storage out. Give the machine the scope cloud-platform, and decide by IAM what it may do.',
];
const PERIMETER: Row = [
  'STORE_DENIED',
  'A VPC Service Controls perimeter forbids it. Ask who keeps the perimeter.',
];
const HELD: Row = [
  'STORE_DENIED',
  'A retention policy or a hold keeps the object as it is until its time is over (gcloud storage objects describe).',
];
const PAYER: Row = [
  'STORE_DENIED',
  'The requesters pay for this bucket. Set `userProject` to a project that may be billed.',
];

/** What Cloud Storage names as the reason, in `error.errors[].reason` or in an ErrorInfo. */
export const byReason: Readonly<Record<string, Row>> = {
  rateLimitExceeded: FULL,
  userRateLimitExceeded: FULL,
  quotaExceeded: FULL,
  dailyLimitExceeded: FULL,
  retentionPolicyNotMet: HELD,
  objectUnderActiveHold: HELD,
  userProjectMissing: PAYER,
  accessNotConfigured: ENABLE_API,
  SERVICE_DISABLED: ENABLE_API,
  accountDisabled: ENABLE_API,
  BILLING_DISABLED: ENABLE_API,
  insufficientPermissions: SCOPE,
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: SCOPE,
  vpcServiceControls: PERIMETER,
  SECURITY_POLICY_VIOLATED: PERIMETER,
  ACCESS_TOKEN_EXPIRED: LOGIN,
};

/** By the status, and what has to stand in the message where that tells more; the first that fits. */
export const byStatus: readonly (readonly [readonly number[], RegExp | undefined, Row])[] = [
  [
    [400, 412],
    /crc32c|md5|checksum|hash/i,
    ['STORE_UNAVAILABLE', 'It arrived changed: its checksum did not fit. Try again; check proxies.'],
  ],
  [[400], /requester pays/i, PAYER],
  [
    [401, 403],
    /anonymous caller/i,
    ['STORE_DENIED', 'It is not open to all. Give credentials, and leave `anonymous` out.'],
  ],
  [[401], undefined, LOGIN],
  [[403], /retention|under active .*hold/i, HELD],
  [
    [403],
    undefined,
    [
      'STORE_DENIED',
      'This identity may not do that, or it does not exist. Grant it {permission} on the bucket ({role} has it).',
    ],
  ],
  [
    [404],
    /bucket does not exist|bucket not found/i,
    ['INPUT_NOT_FOUND', 'There is no bucket {bucket}. Check its name.'],
  ],
  [[404], undefined, ['INPUT_NOT_FOUND', 'There is no such object. Check the name.']],
  [
    [412],
    undefined,
    [
      'STORE_DENIED',
      'A policy of the bucket or the organisation does not allow it (a key, a location, a condition).',
    ],
  ],
  [[429], undefined, FULL],
  [
    [503],
    undefined,
    ['STORE_THROTTLED', 'Cloud Storage is asked too much, or cannot answer now. Try again later.'],
  ],
  [
    [408, 500, 502, 504],
    undefined,
    [
      'STORE_UNAVAILABLE',
      'Cloud Storage could not do it just now. Try again; see status.cloud.google.com if it goes on.',
    ],
  ],
];

/** What no store answers: a redirect, a page of a proxy. */
export const FOREIGN: Row = [
  'STORE_RESPONSE_INVALID',
  'What answered is not Cloud Storage. Check the endpoint and proxies.',
];
export const LEADS_ELSEWHERE: Row = [
  'STORE_RESPONSE_INVALID',
  'The answer leads to another place, and is not followed: credentials would go there. Check the endpoint and proxies.',
];

/** What stops a connection, by the code of Node or a word in the message. */
export const byConnection: readonly (readonly [RegExp, Row])[] = [
  [
    /ECONNREFUSED/,
    ['STORE_UNAVAILABLE', 'The connection was refused. Check the endpoint, the network and proxies.'],
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    ['STORE_UNAVAILABLE', 'The host was not found. Check the endpoint and the name service.'],
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS|ERR_SSL|EPROTO/,
    [
      'STORE_UNAVAILABLE',
      'The certificate of the endpoint is not trusted, so nothing was sent. Check the endpoint; NODE_EXTRA_CA_CERTS adds an authority.',
    ],
  ],
  [/HPE_/, ['STORE_UNAVAILABLE', 'What came is no answer over HTTP. Check the endpoint and proxies.']],
];
export const LOST: Row = [
  'STORE_UNAVAILABLE',
  'The connection was lost. Try again; check the network and proxies.',
];

/** What the library says in words, where it finds no credentials; the first that fits. */
export const byMessage: readonly (readonly [RegExp, Row])[] = [
  [
    /Could not load the default credentials|Unable to find credentials/,
    [
      'STORE_DENIED',
      'No Google credentials were found. Run gcloud auth application-default login, let the machine have a service account, or set GOOGLE_APPLICATION_CREDENTIALS.',
    ],
  ],
  [/invalid_grant|invalid_rapt|invalid_client|unauthorized_client|invalid_target|reauth/i, LOGIN],
  [
    /universe domain/i,
    ['STORE_DENIED', 'The credentials are of another universe than the endpoint. Set universeDomain.'],
  ],
];
export const NO_TOKEN: Row = [
  'STORE_UNAVAILABLE',
  'No access token could be had: its server (metadata.google.internal on Google Cloud, or the one that the credentials name) did not answer as it should. Check the network and the credentials.',
];
export const BAD_CREDENTIALS: Row = [
  'STORE_DENIED',
  'The Google credentials cannot be used. Check GOOGLE_APPLICATION_CREDENTIALS and the file that it names.',
];
