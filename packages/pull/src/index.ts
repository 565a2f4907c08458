export { pull } from './pull.js';
export type { Pulled, PulledMirror, PullFrom, PullOptions } from './types.js';
