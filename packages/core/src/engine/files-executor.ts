import { setImmediate } from '../common/timers.js';
import type { FilesExecutor } from './files-task.js';
import { sharedPool } from './pool.js';
import { runFiles } from './run-files.js';
import { Scratch } from './scratch.js';
import { SHARED_DESCRIPTORS } from './shared-descriptors.js';

/** Where many small files are done: on the pool's threads, and only where these would have other descriptors, here. */
export function filesExecutor(): FilesExecutor {
  return SHARED_DESCRIPTORS ? sharedPool() : inline();
}

function inline(): FilesExecutor {
  const scratch = new Scratch();
  return {
    width: 1,
    async runFiles(task) {
      await new Promise((resolve) => setImmediate(resolve));
      runFiles(task, scratch);
    },
  };
}

/** Called as soon as it is known that files will be done: threads come up while keys are asked. */
export function warmForFiles(): void {
  if (SHARED_DESCRIPTORS) sharedPool().warm();
}
