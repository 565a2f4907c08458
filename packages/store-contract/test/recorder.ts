import { setImmediate as othersTurn } from 'node:timers/promises';
import type { TestRunner } from '@weightseal/store-contract';

export interface Outcome {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly message: string;
}

/**
 * A test runner of a few lines: collects what is registered, runs it, and tells how each test went.
 *
 * @param order all tests at once, since they do little but wait; or one after the other
 */
export async function record(
  register: (runner: TestRunner) => void,
  order: 'at once' | 'in order' = 'at once',
): Promise<readonly Outcome[]> {
  const tests: { title: string; body: (() => Promise<void>) | undefined }[] = [];
  const it = (title: string, body: () => Promise<void>) => tests.push({ title, body });
  register({
    describe: (_, body) => body(),
    it: Object.assign(it, { skip: (title: string) => tests.push({ title, body: undefined }) }),
  });
  const run = async ({ title, body }: (typeof tests)[number]): Promise<Outcome> => {
    try {
      await body?.();
      return { title, state: body ? 'passed' : 'skipped', message: '' };
    } catch (error) {
      return { title, state: 'failed', message: (error as Error).message };
    }
  };
  const outcomes: Promise<Outcome>[] = [];
  for (const one of tests) {
    const outcome = run(one);
    outcomes.push(outcome);
    if (order === 'in order') await outcome;
    // So that timers come in time, however many tests begin.
    await othersTurn();
  }
  return await Promise.all(outcomes);
}

export function failed(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.filter(({ state }) => state === 'failed').map(({ title }) => title);
}
