// The modules of Node that every command needs. `import` would evaluate everything that they offer, down to what Node
// itself loads only when asked (webcrypto, streams, fetch): 4 ms, where opening a small file should take 15.
export const fs: typeof import('node:fs') = process.getBuiltinModule('node:fs');
export const module: typeof import('node:module') = process.getBuiltinModule('node:module');
export const os: typeof import('node:os') = process.getBuiltinModule('node:os');
export const path: typeof import('node:path') = process.getBuiltinModule('node:path');
export const util: typeof import('node:util') = process.getBuiltinModule('node:util');
export const { fileURLToPath }: typeof import('node:url') = process.getBuiltinModule('node:url');
export const vm: typeof import('node:vm') = process.getBuiltinModule('node:vm');
