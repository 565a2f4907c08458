import { statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sweep } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { Child, CLI, type Held, holder, isRoot } from './support/child.js';
import { markedPlaintext } from './support/marker.js';
import { MemoryPlace, madeBy } from './support/place.js';

const { plaintext } = markedPlaintext(2_000_000);

let model: SealedModel & AsyncDisposable;
let keyFile: string;
beforeAll(async () => {
  model = await sealedModel(0, { plaintext });
  keyFile = join(model.directory, 'key');
});
afterAll(() => model[Symbol.asyncDispose]());

const hold = (options: object) => holder({ path: model.path, keyFile, options });
/** For a command that outlives what has started it: its standard input ends with that. */
const WAIT = 'for _ in $(seq 3000); do [ -e "$0/go" ] && break; sleep 0.02; done';

// Alone on the machine: every load and every run of others sweeps there too.
describe.runIf(isRoot)('what kill -9 has left where all loads go (on Linux, as root)', () => {
  test('the next load removes, from where loads go by themselves', async () => {
    await using first = hold({ where: 'existing' });
    const { pid, path } = await first.json<Held>('loaded');
    await first.kill();
    expect(statSync(path).size).toBe(plaintext.length);
    expect(madeBy(pid).length).toBe(1);
    await using second = hold({ where: 'existing' });
    await second.said('loaded');
    expect(madeBy(pid)).toEqual([]);
    await using third = hold({ where: 'own' });
    await third.said('loaded');
    expect(madeBy(second.pid), 'of a process that lives').toHaveLength(1);
  });

  test('the next load removes also when it goes to a tmpfs of its own', async () => {
    await using first = hold({ where: 'existing' });
    const { pid } = await first.json<Held>('loaded');
    await first.kill();
    expect(madeBy(pid).length).toBe(1);
    await using second = hold({ where: 'own' });
    await second.said('loaded');
    expect(madeBy(pid)).toEqual([]);
  });

  test.each([
    ['with a name', ['--named']],
    ['without one', []],
  ])(
    'of `weightseal run` in its own namespace, %s, stays while the command has it mounted',
    async (_, flags) => {
      using place = new MemoryPlace();
      const words = [process.execPath, CLI, 'run', model.path, '--key', `local:${keyFile}`, '--quiet'];
      const script = `echo "path $WEIGHTSEAL_MODEL_PATH"; ${WAIT}; wc -c <"$WEIGHTSEAL_MODEL_PATH"`;
      await using child = new Child([
        ...[...words, '--where', 'own', ...flags, '--'],
        ...['sh', '-c', script, place.path],
      ]);
      const path = dirname(await child.said('path'));
      await child.kill();
      expect((await sweep()).kept).toContainEqual({ path, why: 'in-use' });
      writeFileSync(place.at('go'), '');
      expect((await child.ended).stdout).toMatch(new RegExp(`^${plaintext.length}$`, 'm'));
      expect((await sweep()).removed).toContain(path);
    },
  );
});
