export {
  ERROR_CODES,
  type ErrorClass,
  type ErrorCode,
  isWeightsealError,
  WeightsealError,
  type WeightsealErrorOptions,
} from './errors.js';
export { encodeContext } from './format/context.js';
export {
  type AttestedKeyReleaser,
  type Context,
  canDescribe,
  canReleaseAttested,
  canRotate,
  type KeyCallOptions,
  type KeyDescriber,
  type KeyDescription,
  type KeyRotator,
  type KeyWrapper,
  type WrappedKey,
} from './keys/key-wrapper.js';
