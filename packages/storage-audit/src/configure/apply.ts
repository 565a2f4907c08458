import { setTimeout } from 'node:timers/promises';
import { isWeightsealError, WeightsealError } from '@weightseal/core';
import type { Change, ConfigurableStorage, Json, Plan } from './types.js';
import { type Undo, undoOf } from './undo.js';

export interface ApplyOptions {
  /** Keeps the way back, durably, before anything is written. Where it throws, nothing has been changed. */
  readonly keep: (undo: Undo) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Called before each change. */
  readonly onChange?: ((change: Change) => void) | undefined;
  /** How long what was written is looked for until it is seen, in milliseconds; 15,000 unless told. Clouds take some seconds. */
  readonly patienceMs?: number | undefined;
}

export interface Failure {
  readonly change: Change;
  /** What is there now, where that could be read. `other`: neither what was there, nor what was to be. */
  readonly found: 'before' | 'after' | 'other' | 'unread';
  readonly error: WeightsealError;
}

export interface Applied {
  /** Written, and read back. */
  readonly done: readonly Change[];
  /** The one at which it ended. */
  readonly failed?: Failure | undefined;
  readonly notTried: readonly Change[];
}

const FIRST_PAUSE_MS = 100;

/**
 * Applies a plan, one change after another, and stops at the first that fails. Before the first it is made anew, since a change rests on more than its own setting; then each setting is read just before it is written, and is left alone where it is not any more what
 * the plan was made of; then it is read back until it is what was written. A failure is no exception: what was done is told either way.
 *
 * @throws STORE_CHANGED where it would be another plan by now, and what `keep` and the reading throw; nothing has been changed then
 */
export async function applyPlan(
  storage: ConfigurableStorage,
  plan: Plan,
  { keep, signal, onChange, patienceMs = 15_000 }: ApplyOptions,
): Promise<Applied> {
  if (plan.place !== storage.place)
    throw new WeightsealError('INVALID_ARGUMENT', `The plan is for ${plan.place}, not for ${storage.place}.`);
  if (plan.changes.length === 0) return { done: [], notTried: [] };
  if (!isSamePlan(storage, plan, await plan.again())) throw otherPlan();
  await keep(undoOf(plan));
  const done: Change[] = [];
  for (const [index, change] of plan.changes.entries()) {
    try {
      signal?.throwIfAborted();
      onChange?.(change);
      await applyOne(storage, change, patienceMs, signal);
      done.push(change);
    } catch (thrown) {
      const error = failureOf(thrown, change, signal);
      const found = await foundNow(storage, change);
      return { done, failed: { change, found, error }, notTried: plan.changes.slice(index + 1) };
    }
  }
  return { done, notTried: [] };
}

async function applyOne(
  storage: ConfigurableStorage,
  { setting, before, after }: Change,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await storage.read(setting, signal);
  if (!storage.same(setting, found.value, before)) throw changedMeanwhile(setting);
  try {
    await storage.write(setting, after, found, signal);
  } catch (error) {
    signal?.throwIfAborted();
    // The answer may have been lost, and the change be there, or be seen there in some seconds.
    const patience = isRefusal(error) ? 0 : patienceMs;
    await readBack(storage, setting, after, patience, signal).catch(() => {
      throw error;
    });
    return;
  }
  await readBack(storage, setting, after, patienceMs, signal);
}

async function readBack(
  storage: ConfigurableStorage,
  setting: string,
  after: Json,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = performance.now() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    if (storage.same(setting, (await storage.read(setting, signal)).value, after)) return;
    if (performance.now() + pause > until)
      throw new WeightsealError(
        'STORE_RESPONSE_INVALID',
        `${setting} was written, and is not there when it is read back. Look at it before anything else is changed: the server does not keep it, takes longer than ${patienceMs} ms to show it, or somebody has changed it.`,
      );
    await setTimeout(pause, undefined, { signal });
  }
}

/** Nothing of it will be seen later. */
function isRefusal(error: unknown): boolean {
  return (
    isWeightsealError(error) && ['STORE_DENIED', 'STORE_CHANGED', 'STORE_UNSUPPORTED'].includes(error.code)
  );
}

async function isThere(
  storage: ConfigurableStorage,
  setting: string,
  value: Json,
): Promise<boolean | undefined> {
  try {
    return storage.same(setting, (await storage.read(setting)).value, value);
  } catch {
    return undefined;
  }
}

async function foundNow(
  storage: ConfigurableStorage,
  { setting, before, after }: Change,
): Promise<Failure['found']> {
  const isAfter = await isThere(storage, setting, after);
  if (isAfter === undefined) return 'unread';
  if (isAfter) return 'after';
  return (await isThere(storage, setting, before)) === true ? 'before' : 'other';
}

function isSamePlan(storage: ConfigurableStorage, one: Plan, other: Plan): boolean {
  return (
    one.changes.length === other.changes.length &&
    one.changes.every(({ setting, before, after, back }, index) => {
      const now = other.changes[index]!;
      return (
        now.setting === setting &&
        storage.same(setting, now.before, before) &&
        storage.same(setting, now.after, after) &&
        storage.same(setting, now.back, back)
      );
    })
  );
}

function otherPlan(): WeightsealError {
  return new WeightsealError(
    'STORE_CHANGED',
    'By what is there now it is another plan: somebody has changed something since, or it cannot be read any more. Nothing was changed. Make the plan anew.',
  );
}

function changedMeanwhile(setting: string): WeightsealError {
  return new WeightsealError(
    'STORE_CHANGED',
    `${setting} is not any more what the plan was made of: somebody has changed it. Nothing of it was written. Make the plan anew.`,
  );
}

function failureOf(thrown: unknown, { setting }: Change, signal: AbortSignal | undefined): WeightsealError {
  if (signal?.aborted)
    return new WeightsealError('ABORTED', `It was stopped at ${setting}.`, { cause: thrown });
  if (isWeightsealError(thrown)) return thrown;
  return new WeightsealError('STORE_UNAVAILABLE', `${setting} could not be written.`, { cause: thrown });
}
