// One module for all, and so one file to load: what they share is small, and every further file takes half a millisecond.
export * as inspect from './inspect.js';
export * as keygen from './keygen.js';
export * as open from './open.js';
export * as reseal from './reseal.js';
export * as rewrap from './rewrap.js';
export * as seal from './seal.js';
export * as verify from './verify.js';
