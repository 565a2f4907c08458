import type { Context, KeyDescription, KeyWrapper, RotationStatus, WrappedKey } from '@weightseal/core';
import { core } from './core.js';

const KEY_LENGTH = 32;

export interface Step {
  readonly step: 'load' | 'describe' | 'rotation' | 'wrap' | 'unwrap' | 'other context';
  readonly ms: number;
  /** Why it failed; undefined when it did what it should. */
  readonly error?: unknown;
  /** Sealing and opening can do without it. */
  readonly optional?: boolean;
}

export interface KeyCheck {
  readonly uri: string;
  readonly steps: readonly Step[];
  readonly description?: KeyDescription | undefined;
  readonly rotation?: RotationStatus | undefined;
  readonly wrapped?: WrappedKey | undefined;
}

/** Whether sealing and opening will work. */
export function works({ steps }: KeyCheck): boolean {
  return steps.every(({ error, optional }) => error === undefined || optional === true);
}

/**
 * Takes a data key that nobody uses there and back, under a context that nobody has, and tries another context. Only an abort is thrown:
 * whatever else goes wrong is what was asked.
 */
export async function checkKey(
  uri: string,
  load: () => Promise<KeyWrapper>,
  signal: AbortSignal,
): Promise<KeyCheck> {
  const { asFailure, asSlot, canDescribe, canScheduleRotation, secretBytes } = await core();
  const { randomFillSync, randomUUID } = process.getBuiltinModule('node:crypto');
  const steps: Step[] = [];
  let key: KeyWrapper | undefined;
  const step = async <T>(name: Step['step'], call: () => Promise<T>): Promise<T | undefined> => {
    const started = performance.now();
    const done = (more: object = {}) => steps.push({ step: name, ms: performance.now() - started, ...more });
    try {
      const result = await call();
      done();
      return result;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error = key ? asFailure(thrown, key) : thrown;
      done({ error, optional: await isOptional(name, error) });
      return undefined;
    }
  };
  key = await step('load', load);
  // What is no URI may be a secret that stands there by mistake.
  if (!key) return { uri: `${uri.slice(0, uri.indexOf(':') + 1)}…`, steps };
  const description = canDescribe(key) ? await step('describe', () => key.describe({ signal })) : undefined;
  const rotation = canScheduleRotation(key)
    ? await step('rotation', () => key.rotationStatus({ signal }))
    : undefined;
  const dataKey = randomFillSync(secretBytes(KEY_LENGTH));
  const context = { 'weightseal-check': randomUUID() };
  try {
    // As a file has it: what none can hold would fail the first seal.
    const wrapped = await step('wrap', async () =>
      asSlot(key, await lent(dataKey, (copy) => key.wrap(copy, context, { signal }))),
    );
    if (wrapped) {
      const again = (of: Context) => key.unwrap(copyOf(wrapped), of, { signal });
      await step('unwrap', async () => same(await again(context), dataKey));
      const other = { 'weightseal-check': randomUUID() };
      await step('other context', () => refused(() => again(other)));
    }
    return { uri, steps, description, rotation, wrapped };
  } finally {
    dataKey.fill(0);
  }
}

/** What an unwrap is given is what the file says, and nothing that the wrap said besides. */
function copyOf({ keyUri, keyVersion, algorithm, ciphertext }: WrappedKey): WrappedKey {
  return { keyUri, keyVersion, algorithm, ciphertext: Uint8Array.from(ciphertext) };
}

/** A provider that changes what it was lent must not change what it is compared with. */
async function lent<T>(dataKey: Uint8Array, use: (copy: Uint8Array) => Promise<T>): Promise<T> {
  const { secretBytes } = await core();
  const copy = secretBytes(dataKey.length);
  copy.set(dataKey);
  try {
    return await use(copy);
  } finally {
    copy.fill(0);
  }
}

/** Whoever may only seal or open need not be allowed to look at the key. */
async function isOptional(step: Step['step'], error: unknown): Promise<boolean> {
  const { isWeightsealError } = await core();
  return (
    (step === 'describe' || step === 'rotation') && isWeightsealError(error) && error.code === 'KEY_DENIED'
  );
}

async function same(again: Uint8Array, dataKey: Uint8Array): Promise<void> {
  const { WeightsealError } = await core();
  const { timingSafeEqual } = process.getBuiltinModule('node:crypto');
  const equal = again.length === dataKey.length && timingSafeEqual(again, dataKey);
  again.fill(0);
  if (equal) return;
  throw new WeightsealError(
    'KEY_RESPONSE_INVALID',
    'It gave back another data key than it wrapped; check which key answers.',
  );
}

async function refused(unwrap: () => Promise<Uint8Array>): Promise<void> {
  const { isWeightsealError, WeightsealError } = await core();
  try {
    (await unwrap()).fill(0);
  } catch (error) {
    if (isWeightsealError(error) && error.code === 'UNWRAP_REJECTED') return;
    throw error;
  }
  throw new WeightsealError(
    'KEY_RESPONSE_INVALID',
    'It unwrapped under another context than the one that it wrapped under, so it binds none; check which key answers.',
  );
}
