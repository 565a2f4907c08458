import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongFirst } from './.ci/long-first.ts';
import { SkippedReporter } from './.ci/skipped.ts';

/** They kill, measure or sweep the machine, and want it for themselves. */
const ALONE = ['packages/*/test-system/{bundle-kill,kill,resources,sweeping}.test.ts'];

/** One more than there are processors: in a good part of the files somebody waits for a deadline, or a shell. */
const SIDE_BY_SIDE = availableParallelism() + 1;

const project = (name: string, include: string[], exclude: string[] = [], workers = SIDE_BY_SIDE) => ({
  test: {
    name,
    include,
    exclude,
    // Far beyond what any takes: a busy machine is no fault of theirs.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: workers,
    sequence: { groupOrder: workers === 1 ? 1 : 0 },
  },
});

// Tests import the packages by their names, and so run what is published: build first (`pnpm test` does).
export default defineConfig({
  test: {
    reporters: [...configDefaults.reporters, new SkippedReporter()],
    sequence: { sequencer: LongFirst },
    projects: [
      project('unit', ['packages/*/test/**/*.test.ts', 'site/test/**/*.test.ts'], ['**/vectors.test.ts']),
      // Third-party vectors, where WEIGHTSEAL_VECTORS names a folder of them.
      project('vectors', ['packages/*/test/**/vectors.test.ts']),
      // Servers that others wrote: .ci/test-emulators.mjs installs and starts them.
      project('emulators', ['packages/*/test-emulators/**/*.test.ts']),
      // Real inference engines. Those in Python need what .ci/engines.mjs installs.
      project('engines', ['packages/*/test-engines/**/*.test.ts']),
      // The reference implementation of model signing, which .ci/model-signing.mjs installs.
      project('model-signing', ['packages/*/test-model-signing/**/*.test.ts']),
      // TLS as others see it: .ci/test-tls.mjs installs them.
      project('tls', ['packages/*/test-tls/**/*.test.ts']),
      // Full disks, other users, mounts: what needs processes and a machine.
      project('system', ['packages/*/test-system/**/*.test.ts'], ALONE),
      // The program for machines without Node, which WEIGHTSEAL_PROGRAM names: `pnpm check:program`.
      project('program', ['packages/cli/test-program/**/*.test.ts']),
      // After all others.
      project('alone', ALONE, [], 1),
    ],
  },
}) as object;
