import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files whose tests take long. On a fresh clone nothing but the size of a file is known, and they would come last, when a worker has nothing else to do. */
const LONG =
  /\/(?:contract(?:-\w+)?|crash|faults(?:-\w+)?|no-disk|process(?:-one)?|proxy|transcripts)\.test\.ts$/;

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = sorted.filter(({ moduleId }) => LONG.test(moduleId));
    return [...long, ...sorted.filter((file) => !long.includes(file))];
  }
}
