export { type AwsKey, type AwsKeyOptions, awsKeyFromUri, createAwsKey } from './aws-key.js';
export { type AwsSignerOptions, awsSignerFromUri, createAwsSigner } from './aws-signer.js';
export type { AwsKmsClient, ConnectionOptions as AwsConnectionOptions } from './connection.js';
