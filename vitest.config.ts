import { defineConfig } from 'vitest/config';

// Tests import the packages by their names, and so run what is published: build first (`pnpm test` does).
const project = (name: string, include: string[], exclude: string[] = []) => ({
  test: { name, include, exclude, testTimeout: 60_000, hookTimeout: 60_000 },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['packages/*/test/**/*.test.ts'], ['**/vectors.test.ts']),
      // Third-party vectors, where WEIGHTSEAL_VECTORS names a folder of them.
      project('vectors', ['packages/*/test/**/vectors.test.ts']),
      // Servers that others wrote: .ci/test-emulators.mjs installs and starts them.
      project('emulators', ['packages/*/test-emulators/**/*.test.ts']),
      // Real inference engines. Those in Python need what .ci/engines.mjs installs.
      project('engines', ['packages/*/test-engines/**/*.test.ts']),
      // Kills, full disks, memory dumps: what needs processes and mounts.
      project('system', ['packages/*/test-system/**/*.test.ts']),
      // The program for machines without Node, which WEIGHTSEAL_PROGRAM names: `pnpm check:program`.
      project('program', ['packages/cli/test-program/**/*.test.ts']),
    ],
  },
}) as object;
