import { asJson } from '../canonical.js';
import type { Json } from '../types.js';
import { ELEMENTS } from './elements.js';

/** The settings of a bucket that are changed here, in the order in which they are: uploads that name nothing get the right default before others are refused, and a policy is put before the block judges it. */
export const SETTINGS = [
  'encryption',
  'policy',
  'object-ownership',
  'versioning',
  'lifecycle',
  'public-access-block',
] as const;
export type Setting = (typeof SETTINGS)[number];

type Answer = Readonly<Record<string, unknown>>;
/** Of the SDK: the operation, and its input beside the bucket. */
export type Operation = readonly [operation: string, input: Readonly<Record<string, unknown>>];

interface Ways {
  readonly read:
    | 'GetBucketEncryption'
    | 'GetBucketPolicy'
    | 'GetBucketOwnershipControls'
    | 'GetBucketVersioning'
    | 'GetBucketLifecycleConfiguration'
    | 'GetPublicAccessBlock';
  /** The elements of its document, all that the SDK can give back. What else stands there would be lost by a write. */
  readonly elements: readonly string[] | undefined;
  /** Undefined for an answer that does not have it. */
  readonly value: (answer: Answer) => Json | undefined;
  readonly put: (value: Json) => Operation;
  readonly remove: Operation | undefined;
  readonly permissions: { readonly put: string; readonly remove: string };
}

const member =
  (name: string) =>
  (answer: Answer): Json | undefined =>
    answer[name] === undefined ? undefined : asJson(answer[name]);

const both = (permission: string) => ({ put: permission, remove: permission });

export const WAYS: Readonly<Record<Setting, Ways>> = {
  encryption: {
    read: 'GetBucketEncryption',
    elements: ELEMENTS.encryption,
    value: member('ServerSideEncryptionConfiguration'),
    put: (value) => ['PutBucketEncryption', { ServerSideEncryptionConfiguration: value }],
    remove: ['DeleteBucketEncryption', {}],
    permissions: both('s3:PutEncryptionConfiguration'),
  },
  policy: {
    read: 'GetBucketPolicy',
    elements: undefined,
    value: member('Policy'),
    put: (value) => ['PutBucketPolicy', { Policy: value }],
    remove: ['DeleteBucketPolicy', {}],
    permissions: { put: 's3:PutBucketPolicy', remove: 's3:DeleteBucketPolicy' },
  },
  'object-ownership': {
    read: 'GetBucketOwnershipControls',
    elements: ELEMENTS['object-ownership'],
    value: member('OwnershipControls'),
    put: (value) => ['PutBucketOwnershipControls', { OwnershipControls: value }],
    remove: ['DeleteBucketOwnershipControls', {}],
    permissions: both('s3:PutBucketOwnershipControls'),
  },
  versioning: {
    read: 'GetBucketVersioning',
    elements: ELEMENTS.versioning,
    // One that was never enabled has an answer without members.
    value: ({ Status, MFADelete }) => (Status === undefined ? null : asJson({ Status, MFADelete })),
    put: (value) => ['PutBucketVersioning', { VersioningConfiguration: { Status: statusIn(value) } }],
    // What was enabled can be suspended, and never be as if it had not been.
    remove: undefined,
    permissions: both('s3:PutBucketVersioning'),
  },
  lifecycle: {
    read: 'GetBucketLifecycleConfiguration',
    elements: ELEMENTS.lifecycle,
    // What is left out of the last of these is set to its default.
    value: ({ Rules, TransitionDefaultMinimumObjectSize: size }) =>
      Rules === undefined ? undefined : asJson({ Rules, TransitionDefaultMinimumObjectSize: size }),
    put: (value) => {
      const { Rules, TransitionDefaultMinimumObjectSize: size } = value as Record<string, Json>;
      const more = size === undefined ? {} : { TransitionDefaultMinimumObjectSize: size };
      return [
        'PutBucketLifecycleConfiguration',
        { LifecycleConfiguration: { Rules: withDates(Rules) }, ...more },
      ];
    },
    remove: ['DeleteBucketLifecycle', {}],
    permissions: both('s3:PutLifecycleConfiguration'),
  },
  'public-access-block': {
    read: 'GetPublicAccessBlock',
    elements: ELEMENTS['public-access-block'],
    value: member('PublicAccessBlockConfiguration'),
    put: (value) => ['PutPublicAccessBlock', { PublicAccessBlockConfiguration: value }],
    remove: ['DeletePublicAccessBlock', {}],
    permissions: both('s3:PutBucketPublicAccessBlock'),
  },
};

function statusIn(value: Json): unknown {
  return (value as Readonly<Record<string, Json>>)['Status'];
}

/** The SDK gives dates, and wants them back: they are the only members of that name. */
function withDates(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(withDates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === 'Date' && typeof one === 'string' ? new Date(one) : withDates(one),
    ]),
  );
}

/** What S3 answers where it was not told. */
export function withDefault(lifecycle: Json): Json {
  if (lifecycle === null) return null;
  return { TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K', ...(lifecycle as object) };
}
