import type { FilesTask } from './files-task.js';
import type { Task, TaskFailure, TaskResult } from './task.js';

// What passes between the pool and its threads.
export type ToWorker =
  | { readonly kind: 'task'; readonly id: number; readonly task: Task }
  | { readonly kind: 'files'; readonly id: number; readonly task: FilesTask }
  | { readonly kind: 'hash'; readonly id: number; readonly bytes: SharedArrayBuffer; readonly length: number }
  | {
      readonly kind: 'hash-from';
      readonly id: number;
      readonly fd: number;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: 'digest'; readonly id: number };

export type FromWorker =
  | { readonly id: number; readonly result: TaskResult | string | undefined }
  | { readonly id: number; readonly failure: TaskFailure };
