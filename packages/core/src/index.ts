// What is marked `@hidden` where it is defined is for weightseal's own packages: the API reference leaves it out, and any version may change it. An entry
// of its own would be a second file to load, most of a millisecond at each start.

export type { CheckedManifest, CheckManifestOptions } from './bundle/check-manifest.js';
export type { DiffOptions, ReleaseDiff } from './bundle/diff.js';
export type { DocumentAt, DocumentOptions } from './bundle/document.js';
export { blobsBeside } from './bundle/hub-cache.js';
export type { Incomplete, ModelFile } from './bundle/incomplete/types.js';
export type { LeftOut } from './bundle/left-out.js';
export { type FoundInStore, lookInStore } from './bundle/look-in-store.js';
export type { MakeManifestOptions } from './bundle/make-manifest.js';
export type { MemberReader } from './bundle/member-reader.js';
export type { RewrappedBundle } from './bundle/new-envelope.js';
export type { BundleInspection } from './bundle/open.js';
export type { BundleGiven } from './bundle/open-storage.js';
export {
  findIncomplete,
  inspectBundle,
  openBundle,
  resealBundle,
  rewrapBundle,
  sealBundle,
  sweepBundle,
  verifyBundle,
} from './bundle/public.js';
export {
  beginsSealed,
  changeDocument,
  checkFiles,
  diffBundles,
  digestOf,
  encodeManifest,
  makeFileManifest,
  openReleased,
  parseManifest,
  readDocument,
  readManifest,
  readUnopened,
  verifyManifest,
} from './bundle/public-release.js';
export type { BundleReader } from './bundle/reader.js';
export type { Released } from './bundle/released.js';
export type { ResealBundleOptions, ResealedBundle } from './bundle/reseal.js';
export type { SealChoice, Unmatched } from './bundle/seal-plan.js';
export type { StoredFile } from './bundle/storage.js';
export { sweepOutputs } from './bundle/sweep.js';
export type { SweepBundleOptions, SweptBundle } from './bundle/sweep-in-store.js';
export type {
  BundleMember,
  BundlePlace,
  OpenBundleOptions,
  OpenedBundle,
  OpenMembersOptions,
  OpenToOptions,
  RewrapBundleOptions,
  SealBundleOptions,
  SealedBundle,
} from './bundle/types.js';
export {
  checkKinds,
  checkOptions,
  checkPath,
  checkText,
  filePath,
  type Kind,
} from './common/arguments.js';
export { crc32c } from './common/crc32c.js';
export { greedyMatch } from './common/greedy.js';
export { loadError } from './common/load-error.js';
export { didYouMean, nearest } from './common/nearest.js';
export type { OnProgress, Progress } from './common/progress.js';
export { type SystemFailure, systemFailure } from './common/system-errors.js';
export { VERSION } from './common/version.js';
export {
  abortedError,
  ERROR_CODES,
  type ErrorClass,
  type ErrorCode,
  ioError,
  isWeightsealError,
  throwIfAborted,
  WeightsealError,
  type WeightsealErrorOptions,
} from './errors.js';
export type { InputAnywhere, InputBytes } from './file/input.js';
export { type Inspection, inspect, type Recipient } from './file/inspect.js';
export { type OpenFileOptions, openToFile, openToStream, type VerifyOptions, verify } from './file/open.js';
export type { Opened, OpenOptions } from './file/open-all.js';
export type { StreamOptions } from './file/plaintext-reader.js';
export {
  openReader,
  type ReaderOptions,
  type SealedReader,
  type WriteOptions,
} from './file/reader.js';
export { type Resealed, type ResealOptions, reseal } from './file/reseal.js';
export { type RewrapOptions, type Rewrapped, rewrap } from './file/rewrap.js';
export {
  type Sealed,
  type SealFileOptions,
  type SealOptions,
  sealToFile,
  sealToStream,
} from './file/seal.js';
export type { UnlockOptions } from './file/unlock.js';
export { ownBytes, secretBytes, wipe } from './format/bytes.js';
export { type Context, encodeContext, expectContext } from './format/context.js';
export { comparePaths, ENVELOPE_NAME, folded, pathProblem, shown } from './format/path.js';
export { CHANNEL_NAME, MANIFEST_NAME, SIGNATURE_NAME } from './format/release-names.js';
export { FLOE_HEADER } from './format/sizes.js';
export type { WrappedKey } from './format/slot.js';
export { isUtcTime } from './format/utc-time.js';
export { openBelow } from './io/below/open.js';
export { type ByteSource, bufferSource, FileSource } from './io/byte-source.js';
export { closing } from './io/closing.js';
export type { ByteStream } from './io/feeder.js';
export { findProgram, searchPath } from './io/find-program.js';
export { followLinks } from './io/follow-links.js';
export { Directory } from './io/output/directory.js';
export { durableFlags, makeDurable } from './io/output/durable.js';
export { changeOwnRecord, type OwnRecord } from './io/own-record.js';
export { lifeOf, type Owner, type OwnerLife, thisProcess } from './io/owner.js';
export {
  MAX_PRIVATE_FILE_BYTES,
  type PrivateFile,
  type PrivateOptions,
  privateFileError,
  readPrivateFile,
} from './io/private/private-file.js';
export {
  isUtf16,
  type SecretText,
  secretTextIn,
  secretVariable,
  startsWithMark,
  toSet,
  UTF8_MARK,
} from './io/private/secret-text.js';
export type { ReadOptions } from './io/reads.js';
export type { Stretch } from './io/stretch.js';
export { ecdsaDer } from './keys/ecdsa-der.js';
export { isLoopback, type KeyUriParts, splitKeyUri } from './keys/key-uri.js';
export {
  type AttestedKeyReleaser,
  canDescribe,
  canReleaseAttested,
  canRotate,
  canScheduleRotation,
  type KeyCallOptions,
  type KeyDescriber,
  type KeyDescription,
  type KeyRotator,
  type KeyState,
  type KeyWrapper,
  type RotationScheduler,
  type RotationStatus,
} from './keys/key-wrapper.js';
export { asFailure } from './keys/lent.js';
export { type FoundKey, makeSigner, type SigningCalls, type ToSign } from './keys/make-signer.js';
export {
  defineProvider,
  type KeyProvider,
  type ProviderLimits,
} from './keys/provider.js';
export { publicKeyPem } from './keys/public-key-pem.js';
export type {
  Judgement,
  LyingFile,
  ReleaseDocument,
  ReleaseJudge,
  ReleasePlace,
  UnopenedRelease,
} from './keys/release-judge.js';
export { checkDataKey, DATA_KEY_BYTES } from './keys/secret.js';
export { type SharedUnwraps, type ShareOptions, shareUnwraps } from './keys/shared-unwraps.js';
export type { Signer } from './keys/signer.js';
export { hashOf, type SigningAlgorithm, signingAlgorithmOf, verifySignature } from './keys/signing-key.js';
export { untilAborted } from './keys/until-aborted.js';
export { betweenSteps, checkedDeadline, type Limits, within } from './keys/within.js';
export { asSlot } from './keys/wrap.js';
export { MAX_MANIFEST, type Manifest, type ManifestFile } from './release/manifest.js';
export { checkRelease, type ReleaseOptions } from './release/manifest-head.js';
export type { ReadManifest } from './release/manifest-match.js';
export { checkRange, codeOfStatus, exactly, type RangeAnswer, replaced } from './store/answers.js';
export { askStore, type StoreAttempt } from './store/ask-store.js';
export { defineStore, type StoreProvider } from './store/define-store.js';
export { eachListed } from './store/each-listed.js';
export { below, isLocation, type StoreLocation, uriOf } from './store/location.js';
export { ObjectSource, type OpenObjectOptions } from './store/object-source.js';
export type {
  CopiedPart,
  Listed,
  ObjectBody,
  ObjectRange,
  ObjectStore,
  PartRules,
  ResumeOptions,
  StoreCall,
  StoredObject,
  UnfinishedUpload,
  Upload,
  UploadPart,
  WriteCondition,
  WriteOptions as ObjectWriteOptions,
} from './store/object-store.js';
export { ObjectWriter, type WriterHead, type WriterOptions } from './store/object-writer.js';
export { readAhead } from './store/read-ahead.js';
export type { Moved } from './store/replace-head.js';
export { isStoreUri, type StoreAuthority, type StoreUriParts, splitStoreUri } from './store/store-uri.js';
export { type SweepUploadsOptions, type SweptUpload, sweepUploads } from './store/sweep.js';
export type { StoreTuning } from './store/tuning.js';
export type { WireRequest } from './store/wire/head.js';
export { openWire } from './store/wire/public.js';
export { onlyInTls13 } from './store/wire/tls-version.js';
export type { Wire, WireAnswer, WireOptions } from './store/wire/wire.js';
export type { CopyChecks, Expected } from './stored/checks.js';
export { inOrder } from './stored/in-order.js';
export { copyChecked, copySealed, listSealed, sweepStore } from './stored/public.js';
export type {
  Copied,
  CopyOptions,
  ListOptions,
  StoredAt,
  StoredEntry,
  SweepStoreOptions,
  SweptStore,
} from './stored/types.js';
