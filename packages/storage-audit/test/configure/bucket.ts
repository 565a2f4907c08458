import { type S3StorageOptions, type SdkClient, s3Storage } from '@weightseal/storage-audit';
import { KEY } from '../policy/statements.js';
import { clientOf, SOUND_KEY, sdkError } from '../s3/fake.js';

type Input = Readonly<Record<string, unknown>>;

/** Of each setting: the member of the answer, and the error where nothing is there. */
const KEPT: Readonly<Record<string, readonly [member: string, absent: string]>> = {
  BucketEncryption: ['ServerSideEncryptionConfiguration', 'ServerSideEncryptionConfigurationNotFoundError'],
  BucketPolicy: ['Policy', 'NoSuchBucketPolicy'],
  BucketOwnershipControls: ['OwnershipControls', 'OwnershipControlsNotFoundError'],
  PublicAccessBlock: ['PublicAccessBlockConfiguration', 'NoSuchPublicAccessBlockConfiguration'],
};

/** What happens to a request, by its number from 1 on; undefined: it is answered. */
export type Fault = (
  number: number,
  operation: string,
) => 'refuse' | 'lose' | 'forget' | (() => void) | undefined;

/** A bucket that keeps what it is set to, as S3 does. */
export class Bucket implements SdkClient {
  readonly state: Record<string, unknown>;
  readonly asked: string[] = [];
  fault: Fault = () => undefined;

  constructor(state: Record<string, unknown> = {}) {
    this.state = state;
  }

  async send(command: never): Promise<unknown> {
    const { constructor: of, input } = command as { constructor: { name: string }; input: Input };
    const operation = of.name.replace(/Command$/, '');
    this.asked.push(operation);
    const fault = this.fault(this.asked.length, operation);
    if (fault === 'refuse') throw sdkError('AccessDenied');
    if (typeof fault === 'function') fault();
    if (fault === 'forget') return {};
    try {
      return structuredClone(this.#answer(operation, input));
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: whatever the answer was, it is lost.
      if (fault === 'lose') throw sdkError('TimeoutError', 0);
    }
  }

  /** Those that change something. */
  written(): readonly string[] {
    return this.asked.filter((one) => !one.startsWith('Get'));
  }

  #answer(operation: string, input: Input): unknown {
    const [, verb, name = ''] = /^(Get|Put|Delete)(.*)$/.exec(operation) ?? [];
    if (verb === 'Delete') {
      delete this.state[name.replace(/Lifecycle$/, 'LifecycleConfiguration')];
      return {};
    }
    if (name === 'BucketLocation') return { LocationConstraint: 'eu-central-1' };
    if (name === 'BucketAcl')
      return this.state[name] ?? { Owner: { ID: 'us' }, Grants: [{ Grantee: { ID: 'us' } }] };
    if (verb === 'Put') {
      const {
        Bucket: _,
        ExpectedBucketOwner: _owner,
        VersioningConfiguration: versioning,
        LifecycleConfiguration: life,
        ...more
      } = input;
      const value = versioning ?? (life === undefined ? more[KEPT[name]?.[0] ?? ''] : { ...life, ...more });
      if (value === undefined) throw new Error(`${operation} puts nothing`);
      this.state[name] = value;
      return {};
    }
    const value = this.state[name];
    if (name === 'BucketVersioning') return value ?? {};
    if (value === undefined) throw sdkError(KEPT[name]?.[1] ?? 'NoSuchLifecycleConfiguration', 404);
    return name === 'BucketLifecycleConfiguration' ? value : { [KEPT[name]![0]]: value };
  }
}

export const kms = clientOf({
  ...SOUND_KEY,
  DescribeKey: {
    KeyMetadata: {
      Arn: KEY,
      KeyState: 'Enabled',
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
    },
  },
});

export function storageOf(bucket: Bucket, options: S3StorageOptions = {}, ofKeys: SdkClient = kms) {
  return s3Storage('models', {
    region: 'eu-central-1',
    bucketOwner: '111122223333',
    clients: { s3: bucket, kms: ofKeys },
    ...options,
  });
}
