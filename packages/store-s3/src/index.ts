export type { S3Client, S3StoreOptions } from './options.js';
export { createS3Store, provider, s3LocationFromUri } from './s3-store.js';
