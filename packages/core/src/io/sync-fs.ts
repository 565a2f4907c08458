// Node's calls that block. Taken this way, since an `import` of node:fs evaluates all that it offers, its streams with it: 2 ms of each start. Its constants
// come from node:fs/promises.
const fs: typeof import('node:fs') = process.getBuiltinModule('node:fs');

export const fsyncSync: typeof fs.fsyncSync = fs.fsyncSync;
export const readlinkSync: typeof fs.readlinkSync = fs.readlinkSync;
export const readSync: typeof fs.readSync = fs.readSync;
export const writevSync: typeof fs.writevSync = fs.writevSync;
