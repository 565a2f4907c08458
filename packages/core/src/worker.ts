// The entry of a pool thread: the build makes one script of it that imports nothing, so that it runs as a module, as CommonJS and as text
// (engine/worker-file.ts). It holds no key longer than a task takes: keys live in memory that the main thread zeroes.
import type { Hash } from 'node:crypto';
import { createHash } from './common/crypto.js';
import { hashFrom } from './engine/hash-from.js';
import { runFiles } from './engine/run-files.js';
import { runTask } from './engine/run-task.js';
import { Scratch } from './engine/scratch.js';
import { machineFailure, TaskError } from './engine/task.js';
import type { FromWorker, ToWorker } from './engine/worker-messages.js';

// glibc takes every block over a threshold from the kernel, page by page, and gives it back at once. The threshold follows the largest
// such block that was freed: one that is never touched raises it above the pieces that ciphers allocate, which costs nothing.
const UNTOUCHED = 24 * 1_048_576;
Buffer.allocUnsafeSlow(UNTOUCHED).buffer.transfer(0);

// Node finds out whether a key is a KeyObject by an exception that it throws and catches, twice for each cipher and each HMAC. What costs most of that is the stack, which nobody sees:
// 12 µs of the 20 that a KiB takes (Node 24).
Error.stackTraceLimit = 0;

const { parentPort } = process.getBuiltinModule('node:worker_threads');
const scratch = new Scratch();
let hash: Hash | undefined;

function answer(message: ToWorker): { reply: FromWorker; transfer: ArrayBuffer[] } {
  const { id } = message;
  try {
    switch (message.kind) {
      case 'task': {
        const result = runTask(message.task, scratch);
        const given = [...(result.bytes ? [result.bytes] : []), ...(result.pieces ?? [])];
        return { reply: { id, result }, transfer: given.map(({ buffer }) => buffer) };
      }
      case 'files':
        runFiles(message.task, scratch);
        return { reply: { id, result: undefined }, transfer: [] };
      case 'hash':
        hash ??= createHash('sha256');
        hash.update(new Uint8Array(message.bytes, 0, message.length));
        return { reply: { id, result: undefined }, transfer: [] };
      case 'hash-from':
        hash ??= createHash('sha256');
        hashFrom(hash, message.fd, message.offset, message.length, scratch);
        return { reply: { id, result: undefined }, transfer: [] };
      case 'digest': {
        const result = (hash ?? createHash('sha256')).digest('hex');
        hash = undefined;
        return { reply: { id, result }, transfer: [] };
      }
    }
  } catch (error) {
    const failure = error instanceof TaskError ? error.failure : machineFailure(error);
    return { reply: { id, failure }, transfer: [] };
  }
}

parentPort?.on('message', (message: ToWorker) => {
  const { reply, transfer } = answer(message);
  parentPort?.postMessage(reply, transfer);
});
