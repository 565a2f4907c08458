/**
 * The script of the threads that hash: a text, so that no bundler has to find it. One message is one file, `{ path, flags }`; the answers are `{ bytes }` while it is read, and last `{ digest }` or
 * `{ error }`, or `{ changed: true }`.
 */
export const HASH_TEXT = `
const { parentPort } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const memory = Buffer.allocUnsafeSlow(1 << 20);
function digestOf(path, flags) {
  const file = fs.openSync(path, flags);
  try {
    const before = fs.fstatSync(file, { bigint: true });
    if (!before.isFile()) return { changed: true };
    const hash = createHash('sha256');
    let size = 0;
    for (let told = 0;;) {
      const bytes = fs.readSync(file, memory, 0, memory.length, null);
      size += bytes;
      if (bytes === 0 || size - told >= 1 << 26) {
        parentPort.postMessage({ bytes: size - told });
        told = size;
      }
      if (bytes === 0) break;
      hash.update(memory.subarray(0, bytes));
    }
    const after = fs.fstatSync(file, { bigint: true });
    if (BigInt(size) !== before.size || after.size !== before.size || after.mtimeNs !== before.mtimeNs) return { changed: true };
    return { digest: hash.digest('hex') };
  } finally {
    fs.closeSync(file);
  }
}
parentPort.on('message', ({ path, flags }) => {
  try {
    parentPort.postMessage(digestOf(path, flags));
  } catch ({ code, errno, syscall, message }) {
    parentPort.postMessage({ error: { code, errno, syscall, message } });
  }
});
`;
