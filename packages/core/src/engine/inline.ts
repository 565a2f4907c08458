import { setImmediate } from '../common/timers.js';
import { runTask } from './run-task.js';
import { Scratch } from './scratch.js';
import type { Executor } from './task.js';

/**
 * Runs tasks here, one at a time with the event loop served in between: for payloads so small that starting
 * threads would take longer. Such tasks carry their bytes; a file is never read or written on this thread.
 */
export function inlineExecutor(): Executor {
  const scratch = new Scratch();
  return {
    width: 1,
    async run(task) {
      await new Promise((resolve) => setImmediate(resolve));
      return runTask(task, scratch);
    },
  };
}
