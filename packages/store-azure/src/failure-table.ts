import type { ErrorCode } from '@weightseal/core';

/** `{action}` and `{role}` stand for what the operation needs, `{container}` for the container. */
export type Row = readonly [ErrorCode, string];

export type Operation = 'stat' | 'read' | 'list' | 'write' | 'copy' | 'remove';

interface OperationFacts {
  /** How the sentence says that it failed. */
  readonly failed: string;
  /** Below Microsoft.Storage/storageAccounts/blobServices/containers. */
  readonly action: string;
  /** The least built-in role that has it. */
  readonly role: string;
  /** Of a shared access signature. */
  readonly letter: string;
}

const READER = 'Storage Blob Data Reader';
const CONTRIBUTOR = 'Storage Blob Data Contributor';

export const OPERATIONS: Readonly<Record<Operation, OperationFacts>> = {
  stat: { failed: 'could not be looked at', action: 'blobs/read', role: READER, letter: 'r' },
  read: { failed: 'could not be read', action: 'blobs/read', role: READER, letter: 'r' },
  list: { failed: 'could not be listed', action: 'blobs/read', role: READER, letter: 'l' },
  write: { failed: 'could not be written', action: 'blobs/write', role: CONTRIBUTOR, letter: 'cw' },
  copy: { failed: 'could not be copied', action: 'blobs/write', role: CONTRIBUTOR, letter: 'rcw' },
  remove: { failed: 'could not be removed', action: 'blobs/delete', role: CONTRIBUTOR, letter: 'd' },
};

const NO_BLOB: Row = ['INPUT_NOT_FOUND', 'There is no such blob. Check the name.'];
const NO_CONTAINER: Row = ['INPUT_NOT_FOUND', 'There is no container {container}. Check account and name.'];
const MAY_NOT: Row = [
  'STORE_DENIED',
  'This identity may not do that. Grant it {action} on the container (role {role}), or a signature with the permission {letter}.',
];
const LOGIN: Row = [
  'STORE_DENIED',
  'The store does not accept the credentials: a key or signature is wrong or over, a token is of another tenant or cloud, or the clock is wrong. Renew them, and check the endpoint.',
];
const NETWORK: Row = [
  'STORE_DENIED',
  'The account’s network rules, or the signature’s addresses, refuse this machine; or the signature is for something else. Allow it in the firewall, or come through the private endpoint.',
];
const NO_CREDENTIALS: Row = [
  'STORE_DENIED',
  'It is not open to all. Give credentials, and leave `anonymous` out.',
];
const LEASED: Row = [
  'STORE_DENIED',
  'Somebody has a lease on it. Wait until it is over, or break it (az storage blob lease break).',
];
const IMMUTABLE: Row = [
  'STORE_DENIED',
  'An immutability policy or a legal hold keeps it as it is. Write to another name.',
];
const ARCHIVED: Row = [
  'STORE_DENIED',
  'It is in the archive tier. Rehydrate it first (az storage blob set-tier --tier Hot), which takes hours.',
];
const BUSY: Row = ['STORE_THROTTLED', 'The account is asked too much. Wait, or ask for less at once.'];
const DOWN: Row = ['STORE_UNAVAILABLE', 'The service failed. Try again.'];
const ON_THE_WAY: Row = [
  'STORE_UNAVAILABLE',
  'It arrived changed: its checksum did not fit. Try again; check proxies.',
];
const OTHER_BLOCKS: Row = [
  'STORE_DENIED',
  'Another tool has begun to write it, in blocks of another kind, and has not ended. Choose another name, or wait until Azure drops them, a week after the last.',
];

/** What Azure calls it (https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes). */
export const byCode: Readonly<Record<string, Row>> = {
  BlobNotFound: NO_BLOB,
  ResourceNotFound: NO_BLOB,
  ContainerNotFound: NO_CONTAINER,
  ContainerBeingDeleted: NO_CONTAINER,
  ContainerDisabled: NO_CONTAINER,
  AuthorizationPermissionMismatch: MAY_NOT,
  InsufficientAccountPermissions: MAY_NOT,
  UnauthorizedBlobOverwrite: MAY_NOT,
  AuthorizationFailure: NETWORK,
  AuthorizationSourceIPMismatch: NETWORK,
  AuthorizationProtocolMismatch: NETWORK,
  AuthorizationServiceMismatch: NETWORK,
  AuthorizationResourceTypeMismatch: NETWORK,
  AuthenticationFailed: LOGIN,
  InvalidAuthenticationInfo: LOGIN,
  KeyBasedAuthenticationNotPermitted: [
    'STORE_DENIED',
    'The account takes no keys, nor signatures made with them. Use an identity of Microsoft Entra.',
  ],
  NoAuthenticationInformation: NO_CREDENTIALS,
  PublicAccessNotPermitted: NO_CREDENTIALS,
  AccountIsDisabled: ['STORE_DENIED', 'The account is disabled. Enable it in its subscription.'],
  LeaseIdMissing: LEASED,
  LeaseIdMismatchWithBlobOperation: LEASED,
  LeaseAlreadyPresent: LEASED,
  LeaseNotPresentWithBlobOperation: LEASED,
  LeaseLost: LEASED,
  SnapshotsPresent: [
    'STORE_DENIED',
    'It has snapshots, which would go with it. Remove them first (az storage blob delete --delete-snapshots only).',
  ],
  BlobImmutableDueToPolicy: IMMUTABLE,
  BlobImmutableDueToLegalHold: IMMUTABLE,
  BlobArchived: ARCHIVED,
  BlobBeingRehydrated: ARCHIVED,
  BlobNotArchived: ARCHIVED,
  BlobUsesCustomerSpecifiedEncryption: [
    'STORE_DENIED',
    'It is encrypted with a key that the client has to send, and none is sent from here. Upload it anew, without.',
  ],
  InvalidBlobType: [
    'STORE_DENIED',
    'What is there is no block blob. Remove it first, or choose another name.',
  ],
  Md5Mismatch: ON_THE_WAY,
  Crc64Mismatch: ON_THE_WAY,
  InvalidBlobOrBlock: OTHER_BLOCKS,
  InvalidBlockId: OTHER_BLOCKS,
  ServerBusy: BUSY,
  OperationTimedOut: DOWN,
  InternalError: DOWN,
  NotImplemented: ['STORE_UNSUPPORTED', 'The store cannot do that.'],
};

/** Where an answer has none of these codes. */
export const byStatus: Readonly<Record<number, Row>> = {
  401: LOGIN,
  403: MAY_NOT,
  404: NO_BLOB,
  407: ['STORE_DENIED', 'A proxy wants credentials. Give them in the proxy’s URL.'],
  408: DOWN,
  410: NO_BLOB,
  429: BUSY,
  500: DOWN,
  501: ['STORE_UNSUPPORTED', 'The store cannot do that.'],
  502: DOWN,
  503: BUSY,
  504: DOWN,
};

/** The codes of a condition that did not hold. */
export const CONDITION_CODES: readonly string[] = [
  'ConditionNotMet',
  'TargetConditionNotMet',
  'SourceConditionNotMet',
  'BlobAlreadyExists',
  'BlobModifiedWhileReading',
];

/** What stops a connection, by the code of Node or a word in the message. */
export const byConnection: readonly (readonly [RegExp, Row])[] = [
  [
    /ECONNREFUSED/,
    ['STORE_UNAVAILABLE', 'The connection was refused. Check the endpoint, the network and proxies.'],
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    [
      'STORE_UNAVAILABLE',
      'The account’s host has no address. Check the account’s name, the endpoint, and DNS (private endpoint).',
    ],
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS|ERR_SSL|EPROTO/,
    [
      'STORE_UNAVAILABLE',
      'The host’s TLS certificate is not trusted, so nothing was sent. Check for a proxy that opens TLS, and the clock; NODE_EXTRA_CA_CERTS adds an authority.',
    ],
  ],
];
export const LOST: Row = [
  'STORE_UNAVAILABLE',
  'The connection was lost. Try again; check network, firewall and private endpoint.',
];
export const FOREIGN: Row = [
  'STORE_RESPONSE_INVALID',
  'What answered is not Azure Blob Storage. Check which host or proxy answers.',
];
export const LEADS_ELSEWHERE: Row = [
  'STORE_RESPONSE_INVALID',
  'The answer leads to another place, and is not followed: credentials would go there. Check the endpoint and proxies.',
];
export const NO_TOKEN: Row = [
  'STORE_DENIED',
  'There is no token for this identity. Log in (az login), set AZURE_CLIENT_ID and the rest, or run where a managed or workload identity is; or give `sasToken` or `accountKey`.',
];
export const NO_ENTRA: Row = [
  'STORE_UNAVAILABLE',
  'The token endpoint could not be reached, or failed. Check the way to Microsoft Entra, and try again.',
];
