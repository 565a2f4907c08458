import type {
  GetBucketAclCommandOutput,
  GetBucketEncryptionCommandOutput,
  GetBucketLifecycleConfigurationCommandOutput,
  GetBucketLocationCommandOutput,
  GetBucketLoggingCommandOutput,
  GetBucketOwnershipControlsCommandOutput,
  GetBucketPolicyCommandOutput,
  GetBucketReplicationCommandOutput,
  GetBucketVersioningCommandOutput,
  GetObjectLockConfigurationCommandOutput,
  GetPublicAccessBlockCommandOutput,
  ListBucketInventoryConfigurationsCommandOutput,
  ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';

/** What is read of a bucket, by the operation of the API. */
export interface Answers {
  GetBucketAcl: GetBucketAclCommandOutput;
  GetBucketEncryption: GetBucketEncryptionCommandOutput;
  GetBucketLifecycleConfiguration: GetBucketLifecycleConfigurationCommandOutput;
  GetBucketLocation: GetBucketLocationCommandOutput;
  GetBucketLogging: GetBucketLoggingCommandOutput;
  GetBucketOwnershipControls: GetBucketOwnershipControlsCommandOutput;
  GetBucketPolicy: GetBucketPolicyCommandOutput;
  GetBucketReplication: GetBucketReplicationCommandOutput;
  GetBucketVersioning: GetBucketVersioningCommandOutput;
  GetObjectLockConfiguration: GetObjectLockConfigurationCommandOutput;
  GetPublicAccessBlock: GetPublicAccessBlockCommandOutput;
  ListBucketInventoryConfigurations: ListBucketInventoryConfigurationsCommandOutput;
  ListObjectsV2: ListObjectsV2CommandOutput;
}

export type Operation = keyof Answers;

/** The permission that each needs, and the error by which S3 says that there is nothing of the kind. */
export const READS: Readonly<Record<Operation, readonly [permission: string, absent?: string]>> = {
  GetBucketAcl: ['s3:GetBucketAcl'],
  GetBucketEncryption: ['s3:GetEncryptionConfiguration', 'ServerSideEncryptionConfigurationNotFoundError'],
  GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration', 'NoSuchLifecycleConfiguration'],
  GetBucketLocation: ['s3:GetBucketLocation'],
  GetBucketLogging: ['s3:GetBucketLogging'],
  GetBucketOwnershipControls: ['s3:GetBucketOwnershipControls', 'OwnershipControlsNotFoundError'],
  GetBucketPolicy: ['s3:GetBucketPolicy', 'NoSuchBucketPolicy'],
  GetBucketReplication: ['s3:GetReplicationConfiguration', 'ReplicationConfigurationNotFoundError'],
  GetBucketVersioning: ['s3:GetBucketVersioning'],
  GetObjectLockConfiguration: ['s3:GetBucketObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
  GetPublicAccessBlock: ['s3:GetBucketPublicAccessBlock', 'NoSuchPublicAccessBlockConfiguration'],
  ListBucketInventoryConfigurations: ['s3:GetInventoryConfiguration'],
  ListObjectsV2: ['s3:ListBucket'],
};
