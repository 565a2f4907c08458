import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealBundle, sweepOutputs } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { Directory } from '../src/io/output/directory.js';
import { OutputDirectory } from '../src/io/output/output-directory.js';
import { thisBoot, thisProcess } from '../src/io/owner.js';
import { settleOutput } from '../src/io/staging/left.js';
import { MARK } from '../src/io/staging/mark.js';
import { replacing } from '../src/io/staging/replacing.js';
import { moveMade, Staging } from '../src/io/staging/staging.js';
import { writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { temporary } from './support/temporary.js';

// What a process that was killed leaves of an output, and how others judge it. bundle-left.test.ts kills for real.
const files = await temporary();
const TMP = '.0123456789abcdef.weightseal-tmp';
const PART = '.0123456789abcdef.weightseal-part';
const linux = process.platform === 'linux';

/** A staging directory with something made in it, whose mark says so of its owner. */
async function staging(
  name: string,
  { boot = '', namespace = '', pid = process.pid, started = '1', lock = 'free  ', names = [name, name] } = {},
): Promise<string> {
  const parent = await files.directory();
  await writeTree(join(parent, name, 'new'), [['weights', 'x']]);
  await chmod(join(parent, name), 0o700);
  const own = await thisProcess();
  const words = [
    'weightseal 1',
    ...names,
    boot || (await thisBoot()),
    namespace || own.namespace,
    pid,
    started,
  ];
  await writeFile(join(parent, name, MARK), `${words.join(' ')} ${lock}\n`);
  return parent;
}

async function outcomeOf(parent: string, options = {}): Promise<string[]> {
  return (await sweepOutputs([parent], options)).map(({ outcome }) => outcome);
}

describe.runIf(linux)('a staging directory (on Linux)', () => {
  const OTHER_BOOT = '0'.repeat(32);
  it.each<[whose: string, says: Parameters<typeof staging>[1], outcome: string]>([
    ['a process that has its number no more', {}, 'removed'],
    ['nobody', { pid: 0, started: '0', namespace: '0' }, 'removed'],
    ['a time before the machine was started', { boot: OTHER_BOOT, namespace: '7' }, 'removed'],
    ['another container, of which nothing is seen', { namespace: '7' }, 'elsewhere'],
    ['another container, whose lock nobody holds', { namespace: '7', lock: 'locked' }, 'removed'],
    ['another name', { names: [PART, PART] }, 'unmarked'],
    ['a mark that is none', { lock: 'whatever' }, 'unmarked'],
  ])('of %s', async (_whose, says, outcome) => {
    const parent = await staging(TMP, says);
    expect(await outcomeOf(parent)).toEqual([outcome]);
    expect(await readdir(parent)).toEqual(outcome === 'removed' ? [] : [TMP]);
  });

  it('of this process is left alone, and of another container goes when that is asked for', async () => {
    const { started } = await thisProcess();
    const own = await staging(TMP, { started });
    expect(await outcomeOf(own, { elsewhere: true })).toEqual(['lives']);
    expect(await outcomeOf(await staging(TMP, { namespace: '7' }), { elsewhere: true })).toEqual(['removed']);
  });

  it('that the next seal goes on with is told, and goes when that is asked for', async () => {
    const parent = await staging(PART, { names: [TMP, PART] });
    expect(await outcomeOf(parent)).toEqual(['unfinished']);
    expect(await outcomeOf(parent, { unfinished: true })).toEqual(['removed']);
    expect(await readdir(parent)).toEqual([]);
  });

  it('that others may look into is not taken for one', async () => {
    const parent = await staging(TMP);
    await chmod(join(parent, TMP), 0o755);
    expect(await outcomeOf(parent)).toEqual([]);
    expect(await readdir(parent)).toEqual([TMP]);
  });

  it('is taken over from nobody who may live, and nothing that is not ours is in the way', async () => {
    const source = await writeTree(await files.directory(), [['a', 'a']]);
    const { started } = await thisProcess();
    const parent = await files.directory();
    const part = join(parent, (await readdirOfPart(parent))!);
    for (const says of [{ started }, { names: ['.x', '.y'] }]) {
      const made = await staging(PART, says);
      await rename(join(made, PART), part);
      const out = join(parent, 'model');
      await sealBundle(source, out, { keys: [new MemoryKey('a')], overwrite: true });
      expect(await readFile(join(part, 'new/weights'), 'utf8')).toBe('x');
      await rename(part, join(await files.directory(), 'x'));
    }
  });
});

/** The name that a seal to `model` has there. */
async function readdirOfPart(parent: string): Promise<string | undefined> {
  await using _out = await OutputDirectory.create(join(parent, 'model'), {
    overwrite: true,
    content: 'sealed',
    resumable: true,
  });
  return (await readdir(parent)).find((name) => name.endsWith('.weightseal-part'));
}

describe.runIf(linux)('one directory in the place of another (on Linux)', () => {
  /** Killed, as far as others can see, while it was put aside. */
  async function aside(
    work: (at: { parent: string; staged: Staging; above: Directory }) => Promise<void>,
  ): Promise<string> {
    const parent = await files.directory();
    await writeTree(join(parent, 'out'), [['old', 'old']]);
    await using above = await Directory.open(parent);
    await using staged = await Staging.make(above, TMP);
    await writeTree(join(parent, TMP, 'new'), [['new', 'new']]);
    const outcome: { error?: unknown } = {};
    const interrupted = replacing(above, 'out', staged.directory, async () => {
      await work({ parent, staged, above }).catch((error: unknown) => {
        outcome.error = error;
      });
      throw new Error('killed');
    });
    await expect(interrupted).rejects.toThrow();
    if (outcome.error !== undefined) throw outcome.error;
    return parent;
  }

  it('comes back under its name when its process is killed before the new one has that', async () => {
    await aside(async ({ parent, staged, above }) => {
      await staged.leave();
      await settleOutput(above, 'out');
      expect(await readdir(parent)).toEqual(['out']);
      expect(await readdir(join(parent, 'out'))).toEqual(['old']);
    });
  });

  it('stays aside while its process lives', async () => {
    const parent = await aside(async ({ parent, above }) => {
      await settleOutput(above, 'out');
      expect(await readdir(parent)).not.toContain('out');
    });
    expect(await readdir(join(parent, 'out'))).toEqual(['old']);
  });

  it('goes when its process is killed after the new one has its name', async () => {
    await aside(async ({ parent, staged, above }) => {
      await moveMade(staged.directory, above.at('out'), 0o700);
      await staged.leave();
      expect(await readdir(parent)).toHaveLength(3);
      await settleOutput(above, 'out');
      expect(await readdir(parent)).toEqual(['out']);
      expect(await readdir(join(parent, 'out'))).toEqual(['new']);
    });
  });

  it('stays aside when something else has got its name meanwhile', async () => {
    await aside(async ({ parent, staged }) => {
      await staged.leave();
      await mkdir(join(parent, 'out'));
      expect(await outcomeOf(parent)).toEqual(['failed']);
      const [kept] = (await readdir(parent)).filter((name) => name.endsWith('.weightseal-old'));
      expect(await readFile(join(parent, kept!, 'old'), 'utf8')).toBe('old');
    });
  });

  it('is not what somebody has renamed to its name aside', async () => {
    await aside(async ({ parent, staged, above }) => {
      await moveMade(staged.directory, above.at('out'), 0o700);
      await staged.leave();
      const [name] = (await readdir(parent)).filter((one) => one.endsWith('.weightseal-old'));
      await rename(join(parent, name!), join(parent, 'x'));
      await writeTree(join(parent, name!), [['precious', 'precious']]);
      await settleOutput(above, 'out');
      expect(await readFile(join(parent, name!, 'precious'), 'utf8')).toBe('precious');
    });
  });
});
