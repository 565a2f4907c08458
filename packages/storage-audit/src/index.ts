export { auditS3, S3_CHECKS } from './s3/audit.js';
export type { S3AuditClients, S3AuditOptions, SdkClient } from './s3/options.js';
export type { AuditOptions, Check, Finding, Mend, Outcome, Severity } from './types.js';
