export { type Conditions, type Current, evaluate, rangeHolds } from './http/conditions.js';
export { pathOf } from './http/path.js';
export { type ByteRange, rangeOf } from './http/range.js';
export { etagOf, reprDigestOf } from './http/tags.js';
export { createModelServer } from './server/create-model-server.js';
export type { Limits } from './server/limits.js';
export { type Address, type ListenOptions, passedSockets } from './server/listening.js';
export type { Drained, ModelServer } from './server/model-server.js';
export type { AccessRecord, ModelServerOptions } from './server/options.js';
