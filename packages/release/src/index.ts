export { MAX_BUNDLE_BYTES, type Material, parseBundle, type SignatureBundle } from './bundle/bundle.js';
export { type Signing, type SignStatementOptions, signStatement } from './sign.js';
export type { SignedBy, TrustedCertificates, TrustedIdentity, TrustedSigner } from './signers.js';
export type { SigstoreSigning } from './sigstore/types.js';
export {
  GIT_NAMES,
  MODEL_PREDICATE,
  type ModelStatement,
  parseStatement,
  type Resource,
  type StatementOptions,
  statementOf,
} from './statement/model.js';
export { MAX_STATEMENT_BYTES, parseAnyStatement, type Statement } from './statement/statement.js';
export {
  type VerifiedStatement,
  type VerifyStatementOptions,
  verifyStatement,
} from './verify.js';
