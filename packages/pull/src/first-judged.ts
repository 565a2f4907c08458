import { setTimeout as wait } from 'node:timers/promises';
import { isWeightsealError, throwIfAborted, WeightsealError } from '@weightseal/core';
import { isPassing, type Mirror } from './mirror.js';
import { type JudgedRelease, judgedAt } from './released.js';
import type { PullOptions } from './types.js';

/** As often as anything is tried. */
const ROUNDS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** The first time nobody is waited for longer, while there are others. */
const IMPATIENT_MS = 20_000;

/** What says most of why nothing was taken: these are final, and about what was asked for. */
const TELLING: readonly unknown[] = ['trust', 'context', 'integrity', 'format'];

interface First {
  readonly first: Mirror;
  readonly release: JudgedRelease;
}

/**
 * The first that has a release which is trusted. Of several each is asked once, and then all of them again, so that one that is down holds up nobody.
 *
 * @throws what it was refused for, by whichever mirror; else what the first one failed with
 */
export async function firstJudged(mirrors: readonly Mirror[], options: PullOptions): Promise<First> {
  const { signal } = options;
  const failures = new Map<Mirror, unknown>();
  const several = mirrors.length > 1;
  const rounds = several ? Math.max(...mirrors.map(({ place }) => place.tuning?.attempts ?? ROUNDS)) : 1;
  for (let round = 1; round <= rounds; round++) {
    if (round > 1) await pause(round, signal);
    for (const mirror of mirrors) {
      if (mirror.givenUp) continue;
      try {
        const release = await judgedAt(several ? onceAt(mirror, round) : mirror.place, options);
        mirror.admitted = true;
        return { first: mirror, release };
      } catch (error) {
        throwIfAborted(signal);
        failures.set(mirror, error);
        if (isWeightsealError(error) && !isPassing(error)) {
          mirror.giveUp(error);
          options.onGivenUp?.(mirror.uri, error);
        } else mirror.failed(performance.now());
      }
    }
    if (mirrors.every(({ givenUp }) => givenUp)) break;
  }
  throw allOf([...failures.values()]);
}

function onceAt({ place }: Mirror, round: number): Mirror['place'] {
  const { tuning } = place;
  const deadlineMs = Math.min(tuning?.deadlineMs ?? IMPATIENT_MS, IMPATIENT_MS);
  return { ...place, tuning: { ...tuning, attempts: 1, ...(round === 1 && { deadlineMs }) } };
}

async function pause(round: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (round - 2));
  await wait(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
  throwIfAborted(signal);
}

function allOf(errors: readonly unknown[]): unknown {
  const failures = errors.filter(isWeightsealError);
  const told = failures.find((one) => TELLING.includes(one.class)) ?? errors[0];
  if (errors.length === 1 || !isWeightsealError(told)) return told;
  const why = failures.map(({ code, message }) => ` ${code}: ${message}`).join('');
  return new WeightsealError(told.code, `No mirror has a release that is taken.${why}`, {
    cause: told,
    failures,
  });
}
