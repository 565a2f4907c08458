export { type LoadOptions, load } from './load.js';
export type { LoadedModel } from './loaded.js';
export type { OpenedModel } from './model.js';
export type { PlaceOptions } from './place/choose.js';
export type { PlaceKind, Placement, Swap } from './place/space.js';
export type { Released } from './plaintext.js';
export { descriptorsIn } from './run/descriptors.js';
export type { Ran, RunEvent, RunOptions } from './run/options.js';
export { run } from './run/run.js';
export type { Written } from './run/written.js';
export type { Dtype, DtypeArrays } from './safetensors/dtype.js';
export type { TensorInfo } from './safetensors/header.js';
export {
  type BytesOptions,
  openSafetensors,
  type SealedSafetensors,
  type Tensor,
  type TensorOf,
  type TensorOptions,
} from './safetensors/open.js';
export { type Kept, type SweepOptions, type Swept, sweep } from './sweep.js';
