import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isWeightsealError } from '@weightseal/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Inode } from '../src/inode.js';
import type { Ran, RunOptions } from '../src/run/options.js';
import { run } from '../src/run/run.js';
import * as start from '../src/run/start.js';
import { type SealedModel, sealedModel } from './support/sealed-model.js';

vi.mock('../src/run/start.js', { spy: true });
const { startCommand } = await vi.importActual<typeof start>('../src/run/start.js');

afterEach(() => vi.restoreAllMocks());

type Act = (model: SealedModel, controller: AbortController) => Promise<Ran>;
const stopped = async (act: Act, started: boolean): Promise<unknown> => {
  await using model = await sealedModel(10);
  const controller = new AbortController();
  const told = await act(model, controller).catch((error: unknown) => error);
  // Only where it was started has a command left its mark.
  expect(existsSync(join(model.directory, 'ended'))).toBe(started);
  return isWeightsealError(told) ? told.code : told;
};

const running = ({ keys, path, directory }: SealedModel, { signal }: AbortController, seconds: string) => {
  const script = `sleep ${seconds}; : >"$1/ended"`;
  const options: RunOptions = { keys, signal, command: ['sh', '-c', script, 'sh', directory] };
  return run(path, options);
};

describe.runIf(process.platform === 'linux')('a run stopped once the plaintext is there (on Linux)', () => {
  test('starts no command', async () => {
    const act: Act = (model, controller) => {
      const seal = Inode.prototype.sealOff;
      vi.spyOn(Inode.prototype, 'sealOff').mockImplementation(async function (this: Inode) {
        controller.abort();
        await seal.call(this);
      });
      return running(model, controller, '0');
    };
    expect(await stopped(act, false)).toBe('ABORTED');
    expect(start.startCommand).not.toHaveBeenCalled();
  });

  test('ends the command that was just being started', async () => {
    const act: Act = (model, controller) => {
      vi.mocked(start.startCommand).mockImplementation(async (...args) => {
        const child = await startCommand(...args);
        controller.abort();
        return child;
      });
      return running(model, controller, '5');
    };
    expect(await stopped(act, false)).toMatchObject({ exitCode: 143, signal: 'SIGTERM' });
  });

  test('runs to its end where nobody stops it', async () => {
    expect(await stopped((model, controller) => running(model, controller, '0'), true)).toMatchObject({
      exitCode: 0,
    });
  });
});
