// What is loaded with a program's first directory: public.ts has the same functions, and loads these.

export { encodeManifest, parseManifest } from '../release/manifest.js';
export { readManifest } from '../release/manifest-match.js';
export { checkManifest } from './check-manifest.js';
export { diffBundles } from './diff.js';
export { changeDocument, readDocument } from './document.js';
export { digestOfAll } from './hash-files.js';
export { findIncomplete } from './incomplete/find.js';
export { makeFileManifest } from './make-manifest.js';
export { checkFiles } from './manifest-check-files.js';
export { inspectBundle, openBundle, verifyBundle } from './open.js';
export { openReleased } from './released.js';
export { resealBundle } from './reseal.js';
export { rewrapBundle } from './rewrap.js';
export { sealBundle } from './seal.js';
export { sweepBundle } from './sweep-in-store.js';
export { beginsSealed, readUnopened } from './unopened.js';
