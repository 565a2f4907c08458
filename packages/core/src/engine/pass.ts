import { isCallers } from '../common/progress.js';
import { systemFailure } from '../common/system-errors.js';
import { ioError, isWeightsealError, WeightsealError } from '../errors.js';
import type { FloeMessage } from '../format/floe.js';
import { OVERHEAD } from '../format/sizes.js';
import { writeError } from '../io/output/named.js';
import { atMost, type ReadOptions, readsFor } from '../io/reads.js';
import { type Digest, inlineDigest, threadDigest } from './digest.js';
import { inlineExecutor } from './inline.js';
import { inOrder } from './pipeline.js';
import { type Batch, batchCount, taskOf } from './plan.js';
import { sharedPool } from './pool.js';
import { SHARED_DESCRIPTORS } from './shared-descriptors.js';
import { Slots } from './slots.js';
import { type Emit, type Executor, type Operation, TaskError, type TaskResult } from './task.js';

/** Memory for input on its way, over all slots of a pass. */
const SLOT_BYTES = 24 * 1_048_576;
/** A message between threads costs about 0.1 ms: a batch takes a hundred times as long, and an abort is still heard soon. */
const BATCH_BYTES = 32 * 1_048_576;
/** Payloads up to this size are done on the calling thread: starting threads would take longer. */
const INLINE_BYTES = 4 * 1_048_576;
/** The same for a part of a file that is waited for, while there are no threads yet. */
const COLD_INLINE_BYTES = 48 * 1_048_576;
/** Beyond the reads that are under way: what has come, and waits for a thread or for its turn. */
const ARRIVED = 4;
/** Slots beyond the tasks under way, for the digest to be a little behind. */
const DIGEST_SLOTS = 2;

/** One pass over a payload: what to do, and where input and output are. */
export interface Pass {
  readonly operation: Operation;
  readonly message: FloeMessage;
  /** For a reseal: what to encrypt under. */
  readonly newMessage?: FloeMessage;
  /** The open input file and where in it the plaintext, or the first segment, begins. Without it `load` brings the input. */
  readonly input?: { readonly fd: number; readonly offset: number };
  /** Likewise the output. Without it the pass yields the output when `emit`, and drops it when not. */
  readonly output?: { readonly fd: number; readonly offset: number };
  readonly emit?: Emit;
  /** Fills the slot with the input of the batch; ends early, and leaves the slot alone from then on, when the signal fires. */
  readonly load?: (batch: Batch, slot: SharedArrayBuffer, signal: AbortSignal) => Promise<void>;
  readonly digest?: Digest | undefined;
  readonly signal: AbortSignal | undefined;
  /** Told after each batch, in order, how many bytes of plaintext are done. */
  readonly progress: (bytes: number) => void;
}

/** Where a pass runs, and how many segments its batches have. */
export interface Plan {
  readonly executor: Executor;
  readonly inline: boolean;
  readonly batchCount: number;
  /** How many segments the longest batch can have: of a short part it is fewer. */
  readonly longest?: number;
  /** How many batches are under way at once. */
  readonly width: number;
  /** How many of them may be loading, where a byte source says so. */
  readonly loads?: number;
}

/** Small payloads run here, others on the pool; `plaintextSize` is undefined when nobody knows it yet. */
export function planFor(
  segmentLength: number,
  plaintextSize: number | undefined,
  slots: boolean,
  reads?: ReadOptions,
): Plan {
  const inline =
    !SHARED_DESCRIPTORS ||
    (plaintextSize !== undefined && plaintextSize <= INLINE_BYTES && segmentLength <= INLINE_BYTES);
  return planOn(inline ? inlineExecutor() : sharedPool(), segmentLength, slots, inline, reads);
}

function planOn(
  executor: Executor,
  segmentLength: number,
  slots: boolean,
  inline: boolean,
  reads: ReadOptions | undefined,
): Plan {
  if (reads) {
    const { concurrency, requestBytes } = readsFor(reads, segmentLength);
    const count = batchCount(segmentLength - OVERHEAD, requestBytes);
    return { executor, inline, batchCount: count, width: concurrency + ARRIVED, loads: concurrency };
  }
  const { width } = executor;
  const perSlot = inline ? 1_048_576 : SLOT_BYTES / (width + DIGEST_SLOTS);
  return { executor, inline, batchCount: batchCount(segmentLength, slots ? perSlot : BATCH_BYTES), width };
}

/** Where a part of a payload is read: here when threads would first have to start, which then are there for the next. */
export function planForPart(segmentLength: number, length: number, reads?: ReadOptions): Plan {
  const pool = sharedPool();
  const inline =
    !SHARED_DESCRIPTORS ||
    (length <= (pool.started ? INLINE_BYTES : COLD_INLINE_BYTES) && segmentLength <= INLINE_BYTES);
  const plan = planOn(inline ? inlineExecutor() : pool, segmentLength, true, inline, reads);
  // It may begin and end within a segment.
  return { ...plan, longest: Math.ceil(length / (segmentLength - OVERHEAD)) + 1 };
}

/** Called as soon as a file's size is known: threads take some 30 ms to start, and the keys can be asked meanwhile. */
export function warmFor(size: number): void {
  if (size > INLINE_BYTES && SHARED_DESCRIPTORS) sharedPool().warm();
}

export function digestFor(plan: Plan): Digest {
  if (plan.inline) return inlineDigest();
  try {
    return threadDigest();
  } catch {
    // The system gives no more threads. Slower, and better than no digest.
    return inlineDigest();
  }
}

/** A batch that already has its input, as a stream brings it. */
export type LoadedBatch = Batch & { readonly slot?: SharedArrayBuffer };

export interface Output {
  readonly batch: Batch;
  /** Undefined unless the pass emits. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Instead, where the pass emits pieces. */
  readonly pieces: TaskResult['pieces'];
}

/** Slots for a pass, enough that none of its tasks ever waits for another. */
export function slotsFor(plan: Plan, message: FloeMessage): Slots {
  const longest = Math.min(plan.batchCount, plan.longest ?? plan.batchCount);
  return new Slots(longest * message.segmentLength, plan.width + DIGEST_SLOTS + 1);
}

/**
 * Runs the pass and yields its output in order. Every byte that it yields has been authenticated. Throws TaskError for a segment
 * that does not authenticate, else WeightsealError.
 */
export async function* runPass(
  pass: Pass,
  plan: Plan,
  batches: Iterable<LoadedBatch> | AsyncIterable<LoadedBatch>,
  slots: Slots | undefined,
): AsyncGenerator<Output, void, undefined> {
  let hashing: Promise<void> = Promise.resolve();
  let hashFailure: unknown;
  const taken = new Map<Batch, SharedArrayBuffer>();
  // One load that fails must not leave the pass waiting for others that a caller's source never answers.
  const loading = new AbortController();
  const onAbort = () => loading.abort(pass.signal?.reason);
  if (pass.signal?.aborted) onAbort();
  pass.signal?.addEventListener('abort', onAbort, { once: true });
  const abandon = () => loading.abort();
  const load = plan.loads === undefined ? now : atMost(plan.loads);
  const start = async (batch: LoadedBatch): Promise<TaskResult> => {
    const slot = batch.slot ?? (await slots?.take());
    if (slot) taken.set(batch, slot);
    if (slot && pass.load) await load(() => pass.load!(batch, slot, loading.signal));
    return await plan.executor.run(taskFor(pass, batch, slot));
  };
  try {
    for await (const { batch, value } of inOrder(batches, start, plan.width, pass.signal, abandon)) {
      const slot = taken.get(batch);
      taken.delete(batch);
      if (slot && pass.digest) {
        hashing = pass.digest.update(slot, batch.plainLength).then(
          () => slots?.give(slot),
          (error: unknown) => {
            hashFailure = error;
            slots?.give(slot);
          },
        );
      } else if (slot) slots?.give(slot);
      pass.progress(batch.plainLength);
      yield { batch, bytes: value.bytes, pieces: value.pieces };
    }
    await hashing;
    if (hashFailure) throw hashFailure;
  } finally {
    pass.signal?.removeEventListener('abort', onAbort);
    await hashing;
  }
}

function now<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

function taskFor(
  pass: Pass,
  batch: Batch,
  slot: SharedArrayBuffer | undefined,
): Parameters<Executor['run']>[0] {
  const { operation, input, output, newMessage } = pass;
  const inputAt = operation === 'seal' ? batch.plainOffset : batch.bodyOffset;
  const outputAt = operation === 'open' ? batch.plainOffset : batch.bodyOffset;
  return {
    operation,
    ...taskOf(batch, pass.message),
    ...(newMessage && { newKey: newMessage.segmentKey(batch.first) }),
    ...(input && { input: { fd: input.fd, offset: input.offset + inputAt } }),
    ...(output && { output: { fd: output.fd, offset: output.offset + outputAt } }),
    ...(pass.emit && { emit: pass.emit }),
    ...(slot && { slot }),
    ...(pass.digest && operation !== 'seal' && { keepPlaintext: true }),
  };
}

/** The WeightsealError for whatever a pass threw, when no segment is to blame; what a caller's function threw is theirs. */
export function passError(error: unknown, doing: string): Error {
  if (isWeightsealError(error) || isCallers(error)) return error;
  if (!(error instanceof TaskError)) return ioError(error, doing);
  const { system, short, writing, message } = error.failure;
  const cause = Object.assign(new Error(message), system);
  if (writing) return writeError(cause, 'the output');
  if (systemFailure(cause)) return ioError(cause, doing);
  if (short)
    return new WeightsealError(
      'INPUT_CHANGED',
      'The input ended before the size that the system tells of it: it became shorter meanwhile, and then try again; or the file system tells a wrong size, and then pipe it in as a stream, or copy it.',
    );
  return new WeightsealError('INTERNAL', `A worker failed: ${message}`, { cause: error });
}

/** The most plaintext that a slot's batch holds. */
export function plainCapacity(plan: Plan, message: FloeMessage): number {
  return plan.batchCount * (message.segmentLength - OVERHEAD);
}
