import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = `
  import { describe, it } from 'node:test';
  import { keyWrapperContract } from '@weightseal/kms-contract';
  keyWrapperContract({ describe, it }, {
    name: 'a provider without a backend',
    setup: async () => { throw new Error('no backend'); },
    without: { slow: 'it has no backend' },
  });
`;

it('runs under node:test too: failures fail there, skips are skips', async () => {
  // node:test answers a parent process in a binary protocol when it finds this variable.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = promisify(execFile)(
    process.execPath,
    ['--test-reporter=tap', '--input-type=module', '-e', script],
    {
      cwd: import.meta.dirname,
      env,
    },
  );
  const error = await run.then(
    () => undefined,
    (thrown: { code: number; stdout: string }) => thrown,
  );
  expect(error?.code).toBe(1);
  expect(error?.stdout).toMatch(/^ {4}not ok \d+ - data keys come back as they were$/m);
  expect(error?.stdout).toMatch(/^ {4}ok \d+ - a backend that never answers .* it has no backend\) # SKIP$/m);
});
