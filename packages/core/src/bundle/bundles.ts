// What is loaded with a program's first directory: public.ts has the same functions, and loads these.
export { findIncomplete } from './incomplete/find.js';
export { inspectBundle, openBundle, verifyBundle } from './open.js';
export { resealBundle } from './reseal.js';
export { rewrapBundle } from './rewrap.js';
export { sealBundle } from './seal.js';
export { sweepBundle } from './sweep-in-store.js';
