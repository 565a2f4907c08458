import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sealedModel } from './support/sealed-model.js';

const host = fileURLToPath(new URL('support/host.mjs', import.meta.url));

interface Ended {
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly stdout: string;
}

/** A host that loads a model, and then does something. */
async function hostThat(does: string, limits: readonly string[] = ['env']): Promise<Ended> {
  await using model = await sealedModel(1000);
  const command = [...limits, process.execPath, host, model.path, `${model.directory}/key`, does];
  return await promisify(execFile)(command[0]!, command.slice(1)).catch((error: Ended) => error);
}

describe.runIf(process.platform === 'linux')('a host process with a model loaded (on Linux)', () => {
  it('goes on when it writes more than it may: to Node that is an error, and stays one', async () => {
    const { stdout, signal } = await hostThat('writes too much', ['prlimit', '--fsize=2000000']);
    expect(signal ?? undefined).toBeUndefined();
    expect(stdout).toContain('EFBIG\nit goes on\n');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGXCPU'])(
    'is ended by %s, and leaves nothing',
    async (name) => {
      const { stdout, signal } = await hostThat(name);
      expect(signal).toBe(name);
      const [directory] = stdout.split('\n');
      expect(directory).toMatch(/weightseal-/);
      expect(existsSync(directory!)).toBe(false);
    },
  );
});
