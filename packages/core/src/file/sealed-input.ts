import type { Output, Pass, Plan } from '../engine/pass.js';
import type { Unlocked } from './unlock.js';

/** What every open of a payload has in common, whatever its input is. */
export type OpenPass = Omit<Pass, 'message' | 'input' | 'load'>;

/** An unlocked sealed file, with random access or as a stream. Holds keys, and the file, until it is disposed of. */
export interface SealedInput extends AsyncDisposable {
  readonly unlocked: Unlocked;
  /** Bytes of plaintext, where that is known before the end. */
  readonly size: number | undefined;
  /** Where a pass over it runs. Plaintext that does not go straight from thread to file is held in smaller batches. */
  plan(throughMain: boolean): Plan;
  /** Runs the pass over the whole payload. */
  run(pass: OpenPass, plan: Plan): AsyncGenerator<Output>;
  /** What messages call it: the path of a local file, the URI of an object. */
  readonly where: string | undefined;
  /** The error for what a pass threw after giving out `given` bytes. */
  explain(error: unknown, given: number, signal: AbortSignal | undefined): Promise<Error>;
  /** @throws INPUT_CHANGED when the input is no longer what was opened */
  checkUnchanged(): Promise<void>;
}
