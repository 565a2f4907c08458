import { auditS3, type Finding, type S3AuditOptions, type SdkClient } from '@weightseal/storage-audit';
import { ALGORITHM, BUCKET, deny, denyAll, KEY, KEY_ID } from '../policy/statements.js';

/** An answer, an error, or what makes one of the input. */
export type Answer = object | ((input: Readonly<Record<string, unknown>>) => object);
export type Answers = Readonly<Record<string, Answer>>;

/** As the SDK throws it. */
export function sdkError(name: string, status = 403): Error {
  const error = new Error('Signature wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY of AKIAIOSFODNN7EXAMPLE');
  error.name = name;
  return Object.assign(error, { $fault: 'client', $metadata: { httpStatusCode: status } });
}

export const denied: Error = sdkError('AccessDenied');

/** What an operation is answered with, by the command's name. */
export function clientOf(answers: Answers): SdkClient & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async send(command: never) {
      const { constructor: of, input } = command as {
        constructor: { name: string };
        input: Record<string, unknown>;
      };
      const operation = of.name.replace(/Command$/, '');
      asked.push(operation);
      const answer = answers[operation];
      const given = typeof answer === 'function' ? answer(input) : answer;
      if (given === undefined || given instanceof Error) throw given ?? sdkError('NotImplemented', 501);
      return given;
    },
  };
}

export function policyOf(...statements: readonly object[]): object {
  return { Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) };
}

export const STRICT: readonly object[] = [
  deny({ StringNotEquals: { [ALGORITHM]: ['aws:kms', 'aws:kms:dsse'] }, Null: { [ALGORITHM]: 'false' } }),
  deny({ StringNotEquals: { [KEY_ID]: KEY }, Null: { [KEY_ID]: 'false' } }),
  deny({ StringLike: { [ALGORITHM]: 'aws:kms*' }, Null: { [KEY_ID]: 'true' } }),
  denyAll({ Bool: { 'aws:SecureTransport': 'false' } }),
  denyAll({ NumericLessThan: { 's3:TlsVersion': '1.2' } }),
];

export function encryption(more: object = {}, rule: object = {}): object {
  const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY, ...more };
  const BlockedEncryptionTypes = { EncryptionType: ['SSE-C'] };
  const all = { ApplyServerSideEncryptionByDefault, BucketKeyEnabled: true, BlockedEncryptionTypes, ...rule };
  return { ServerSideEncryptionConfiguration: { Rules: [all] } };
}

export function block(more: object = {}): object {
  const [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets] = [
    true,
    true,
    true,
    true,
  ];
  const all = { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets, ...more };
  return { PublicAccessBlockConfiguration: all };
}

export function replicated(more: object = {}): object {
  const rule = {
    Status: 'Enabled',
    SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
    Destination: {
      Bucket: 'arn:aws:s3:::replicas',
      EncryptionConfiguration: { ReplicaKmsKeyID: 'arn:aws:kms:eu-west-1:111122223333:key/replica' },
    },
    ...more,
  };
  return { ReplicationConfiguration: { Role: 'role', Rules: [rule] } };
}

/** A bucket of which every check is passed. */
export const SOUND: Answers = {
  GetBucketLocation: { LocationConstraint: 'eu-central-1' },
  GetBucketEncryption: encryption(),
  GetBucketPolicy: policyOf(...STRICT),
  GetPublicAccessBlock: block(),
  GetBucketAcl: { Grants: [{ Grantee: { ID: 'owner' }, Permission: 'FULL_CONTROL' }] },
  GetBucketOwnershipControls: { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } },
  GetBucketVersioning: { Status: 'Enabled' },
  GetObjectLockConfiguration: {
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
    },
  },
  GetBucketLogging: { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 'models/' } },
  GetBucketReplication: replicated(),
  GetBucketLifecycleConfiguration: {
    Rules: [
      {
        Status: 'Enabled',
        Filter: { Prefix: '' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ],
  },
  ListBucketInventoryConfigurations: {
    InventoryConfigurationList: [{ Id: 'all', IsEnabled: true, OptionalFields: ['EncryptionStatus'] }],
  },
  ListObjectsV2: { Contents: [{ Key: 'bert.sealed' }] },
};

export const SOUND_KEY: Answers = {
  DescribeKey: {
    KeyMetadata: {
      Arn: KEY,
      KeyState: 'Enabled',
      KeyManager: 'CUSTOMER',
      KeyUsage: 'ENCRYPT_DECRYPT',
      Origin: 'AWS_KMS',
    },
  },
  GetKeyRotationStatus: { KeyRotationEnabled: true, RotationPeriodInDays: 365 },
};

export interface Given {
  readonly s3?: Answers;
  readonly kms?: Answers;
  readonly anonymous?: Answers;
  readonly account?: Answers;
  readonly options?: S3AuditOptions;
}

/** All findings on the sound bucket, but for what is given. */
export async function audited({ s3, kms, anonymous, account, options }: Given = {}): Promise<Finding[]> {
  const clients = {
    s3: clientOf({ ...SOUND, ...s3 }),
    kms: clientOf({ ...SOUND_KEY, ...kms }),
    anonymous: clientOf({ ListObjectsV2: denied, HeadObject: denied, ...anonymous }),
    s3Control: clientOf({ GetPublicAccessBlock: block(), ...account }),
  };
  return Array.fromAsync(auditS3('models', { bucketOwner: '111122223333', clients, ...options }));
}

/** Those of one check. */
export async function foundBy(check: string, given: Given): Promise<Finding[]> {
  return (await audited(given)).filter((one) => one.check === `s3/${check}`);
}

export { BUCKET, KEY };
