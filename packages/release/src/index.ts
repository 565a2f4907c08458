export { type BomOptions, bomOf } from './bom/bom-of.js';
export { MAX_BUNDLE_BYTES, type Material, parseBundle, type SignatureBundle } from './bundle/bundle.js';
export { CHANNEL_PREDICATE, type Channel } from './channel/channel.js';
export { channelAt } from './channel/current.js';
export { inspectChannel } from './channel/inspect.js';
export { type ChannelInput, makeChannel } from './channel/make.js';
export { type PublishOptions, publishChannel } from './channel/publish.js';
export { type ReadChannel, type ReadChannelOptions, readChannel } from './channel/read.js';
export { type CompareOptions, compareWithDirectory } from './directory/compare.js';
export { type DirectoryOptions, resourcesOfDirectory } from './directory/resources.js';
export { certificatesFromPem, publicKeyFromPem } from './pem.js';
export {
  type SignDirectoryOptions,
  signDirectory,
  type VerifyDirectoryOptions,
  verifyDirectory,
} from './release/plain.js';
export { type SignedRelease, type SignReleaseOptions, signRelease } from './release/sign-release.js';
export { MAX_SIGNATURE, type VerifiedRelease, verifyRelease } from './release/verify-release.js';
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
export { createTrust } from './trust/create-trust.js';
export type {
  ChannelPlace,
  Require,
  TrustedChannel,
  TrustOptions,
  TrustRule,
} from './trust/types.js';
export {
  type VerifiedStatement,
  type VerifyStatementOptions,
  verifyStatement,
} from './verify.js';
