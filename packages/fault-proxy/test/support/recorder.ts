import type { TestRunner } from '@weightseal/fault-proxy';

export interface Outcome {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly message: string;
}

/** A test runner of a few lines: collects what is registered, runs it all at once, and tells how each test went. */
export async function record(register: (runner: TestRunner) => void): Promise<readonly Outcome[]> {
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
  return await Promise.all(tests.map(run));
}

export function failed(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.filter(({ state }) => state === 'failed').map(({ title }) => title);
}
