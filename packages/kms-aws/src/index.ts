export { type AwsKey, type AwsKeyOptions, awsKeyFromUri, createAwsKey } from './aws-key.js';
export type { AwsKmsClient, ConnectionOptions as AwsConnectionOptions } from './connection.js';
