// Node's calls that block, and those without a promise. Taken this way, since an `import` of node:fs evaluates all that it offers, its streams with it: 2 ms of each start. Its constants
// come from node:fs/promises elsewhere.
const fs: typeof import('node:fs') = process.getBuiltinModule('node:fs');

/** For what threads import: their script imports nothing (engine/worker-file.ts). */
export const openFlags: typeof fs.constants = fs.constants;

export const closeSync: typeof fs.closeSync = fs.closeSync;
export const fdatasync: typeof fs.fdatasync = fs.fdatasync;
export const fsync: typeof fs.fsync = fs.fsync;
export const fsyncSync: typeof fs.fsyncSync = fs.fsyncSync;
export const fstatSync: typeof fs.fstatSync = fs.fstatSync;
export const lstatSync: typeof fs.lstatSync = fs.lstatSync;
export const openSync: typeof fs.openSync = fs.openSync;
export const readFileSync: typeof fs.readFileSync = fs.readFileSync;
export const readlinkSync: typeof fs.readlinkSync = fs.readlinkSync;
export const realpathSync: typeof fs.realpathSync = fs.realpathSync;
export const readSync: typeof fs.readSync = fs.readSync;
export const writevSync: typeof fs.writevSync = fs.writevSync;
