export { pull } from './pull.js';
export { type ListedRelease, listReleases } from './released-list.js';
export type { Pulled, PulledMirror, PullFrom, PullOptions } from './types.js';
