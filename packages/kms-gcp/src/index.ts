export type { ConnectionOptions, GcpKmsClient, GcpTransport } from './connection.js';
export { createGcpKey, type GcpKey, type GcpKeyOptions, gcpKeyFromUri } from './gcp-key.js';
export { createGcpSigner, type GcpSignerOptions, gcpSignerFromUri } from './gcp-signer.js';
