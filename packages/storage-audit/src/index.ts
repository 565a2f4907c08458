export { AZURE_CHECKS, auditAzure } from './azure/audit.js';
export type { AzureAccount } from './azure/place.js';
export { type Applied, type ApplyOptions, applyPlan, type Failure } from './configure/apply.js';
export { type AzureStorageOptions, azureStorage } from './configure/azure/storage.js';
export { type GcsStorageOptions, gcsStorage } from './configure/gcs/storage.js';
export { type S3StorageOptions, s3Storage } from './configure/s3/storage.js';
export type {
  Change,
  ConfigurableStorage,
  Json,
  Plan,
  State,
  Untouched,
  Wanted,
} from './configure/types.js';
export { encodeUndo, parseUndo, planUndo, UNDO_FORMAT, type Undo } from './configure/undo.js';
export { auditDirectory, type DirectoryAuditOptions } from './directory/audit.js';
export { DIRECTORY_CHECKS } from './directory/checks.js';
export type { DirectorySystem } from './directory/system.js';
export {
  type Ask,
  type BearerAskOptions,
  bearerAsk,
  bearerSend,
  type Send,
} from './gcs/ask.js';
export { auditGcs, GCS_CHECKS, type GcsAuditOptions } from './gcs/audit.js';
export type { Asked } from './gcs/fetch-json.js';
export { gcsVersions } from './gcs/versions.js';
export { auditObjects } from './objects/audit.js';
export { OBJECT_CHECKS } from './objects/checks.js';
export { type WeightFormat, weightFormatOf } from './objects/magic.js';
export {
  type AuditState,
  encodeAuditState,
  MOST_STATE_BYTES,
  parseAuditState,
  type SavedTally,
  STATE_FORMAT,
} from './objects/saved-tally.js';
export { type KeyCount, ObjectTally } from './objects/tally.js';
export type {
  AuditedObject,
  CountVersions,
  ObjectAuditOptions,
  OlderVersions,
  VerifySealed,
} from './objects/types.js';
export { acceptanceOf } from './report/accept.js';
export {
  type AcceptedFinding,
  type AppliedBaseline,
  applyBaseline,
  type StaleAcceptance,
} from './report/apply-baseline.js';
export {
  type Acceptance,
  BASELINE_FORMAT,
  type Baseline,
  encodeBaseline,
  parseBaseline,
} from './report/baseline.js';
export { EVIDENCE_FORMAT, type Evidence, evidenceOf } from './report/evidence.js';
export { type ExitCodeOptions, exitCodeOf } from './report/exit-code.js';
export { type JsonReport, jsonOf, REPORT_FORMAT } from './report/json.js';
export { markdownOf } from './report/markdown.js';
export type { Report, Scope } from './report/report.js';
export { type SarifLog, type SarifResult, sarifOf } from './report/sarif.js';
export { type TableOptions, tableOf } from './report/table.js';
export { auditS3, S3_CHECKS } from './s3/audit.js';
export type { S3AuditClients, S3AuditOptions, SdkClient } from './s3/options.js';
export { s3Versions } from './s3/versions.js';
export type { AuditOptions, Check, Finding, Mend, Outcome, Severity } from './types.js';
