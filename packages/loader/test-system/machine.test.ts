import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { cgroupViews, directoriesOf } from '../src/machine/cgroups.js';
import { checkMemory } from '../src/machine/check-memory.js';
import type { FileSystem } from '../src/machine/file-system.js';
import type { MemoryFacts } from '../src/machine/memory.js';
import { parseMountInfo } from '../src/machine/mount-info.js';

// What a kernel says is in fixtures elsewhere; here it is asked.
const MIB = 1_048_576;
const LIMIT = 200 * MIB;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Runs the sources in a process of its own, which must be started from a shell that has gone somewhere. */
const PROLOGUE = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve: (name, context, next) => next(context.parentURL?.includes('/src/machine/') || context.parentURL?.endsWith('/src/advice.ts')
    ? name.replace(/^(\\..*)\\.js$/, '$1.ts') : name, context),
});
const { fileSystemOf } = await import(${JSON.stringify(join(import.meta.dirname, '../src/machine/file-system.ts'))});
const { memoryFacts } = await import(${JSON.stringify(join(import.meta.dirname, '../src/machine/memory.ts'))});
const fs = await import('node:fs');
const place = process.argv[1];
`;

/** What the program prints last, as JSON. `before` is shell: $1 is the place. */
function run<T>(before: string, program: string, place: string, ...wrapper: string[]): T {
  const shell = `${before} && exec "$0" --no-warnings --input-type=module -e "$2" -- "$1"`;
  const command = [...wrapper, 'sh', '-c', shell, process.execPath, place, PROLOGUE + program];
  return JSON.parse(execFileSync(command[0]!, command.slice(1), { encoding: 'utf8' })) as T;
}

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'weightseal-machine-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.skipIf(!isRoot)('a file system that was just mounted (as root)', () => {
  function mounted(context: TestContext, mount: string, between = ''): FileSystem {
    const program = `
      const fd = fs.openSync(place, 'r');
      ${between}
      console.log(JSON.stringify(await fileSystemOf(fd)));`;
    try {
      execFileSync('unshare', ['-m', 'sh', '-c', `mount ${mount} "$1"`, 'sh', scratch], { stdio: 'ignore' });
    } catch {
      return context.skip(`this machine does not allow: mount ${mount}`);
    }
    return run<FileSystem>(`mount ${mount} "$1"`, program, scratch, 'unshare', '-m');
  }

  test('tmpfs', (context) => {
    expect(mounted(context, '-t tmpfs -o size=8m ext4')).toEqual({
      kind: 'tmpfs',
      inodes: expect.any(Number),
      free: 8 * MIB,
      size: 8 * MIB,
      noswap: false,
      noexec: false,
    });
  });

  test('tmpfs, noswap', (context) => {
    expect(mounted(context, '-t tmpfs -o size=8m,noswap t')).toMatchObject({ kind: 'tmpfs', noswap: true });
  });

  test('tmpfs, noswap, in no namespace any more: known by its descriptor, and its options are not', (context) => {
    const detach = `(await import('node:child_process')).execFileSync('umount', ['-l', place]);`;
    expect(mounted(context, '-t tmpfs -o size=8m,noswap t', detach)).toEqual({
      kind: 'tmpfs',
      inodes: expect.any(Number),
      free: 8 * MIB,
      size: 8 * MIB,
      noswap: false,
    });
  });

  test('tmpfs without a size', (context) => {
    const system = mounted(context, '-t tmpfs -o size=0 t');
    expect(system).toMatchObject({ kind: 'tmpfs', noswap: false });
    expect([system.free, system.size]).toEqual([undefined, undefined]);
  });

  test('ramfs', (context) => {
    const system = mounted(context, '-t ramfs tmpfs');
    expect(system).toMatchObject({ kind: 'ramfs', noswap: true });
    expect([system.free, system.size]).toEqual([undefined, undefined]);
  });
});

describe.skipIf(!isRoot)('in a control group with a limit (as root)', () => {
  let group: { path: string; file: string } | undefined;

  beforeAll(async () => {
    group = await makeGroup();
  });
  afterAll(async () => {
    if (group) await removeGroup(group.path);
  });

  function inGroup<T>(context: TestContext, program: string, inner = ''): T {
    if (!group) return context.skip('no control group for memory can be made here');
    const place = join(group.path, inner);
    return run<T>('echo $$ > "$1/cgroup.procs"', program, place);
  }

  test('the limit is found, and what is left of it', (context) => {
    const facts = inGroup<MemoryFacts>(context, 'console.log(JSON.stringify(await memoryFacts()));');
    expect(facts.limit).toMatchObject({ limit: LIMIT, setting: group!.file });
    expect(facts.limit!.headroom).toBeLessThan(LIMIT);
    expect(facts.limit!.headroom).toBeGreaterThan(LIMIT / 4);
    expect(facts.available).toBeGreaterThan(0);
    expect(() => checkMemory(LIMIT, facts)).toThrow(/memory limit of 200 MiB \(cgroup v[12], memory\.\w+\)/);
  });

  test('the limit of a group above is found', async (context) => {
    if (!group) return context.skip('no control group for memory can be made here');
    const inner = join(group.path, 'inner');
    mkdirSync(inner);
    try {
      const facts = inGroup<MemoryFacts>(
        context,
        'console.log(JSON.stringify(await memoryFacts()));',
        'inner',
      );
      expect(facts.limit).toMatchObject({ limit: LIMIT });
    } finally {
      await removeGroup(inner);
    }
  });

  test('what a tmpfs holds is used up, and the cache of a disk is not', (context) => {
    const program = `
      const left = async () => (await memoryFacts()).limit.headroom;
      const write = async (directory) => {
        const path = fs.mkdtempSync(directory + '/weightseal-machine-');
        try {
          const before = await left();
          const fd = fs.openSync(path + '/bytes', 'w');
          const { kind } = await fileSystemOf(fd);
          const piece = Buffer.alloc(${MIB}, 1);
          for (let i = 0; i < 60; i++) fs.writeSync(fd, piece);
          fs.fsyncSync(fd);
          let taken = before - (await left());
          // The kernel may tell a group's cache late: it sums it up when it is asked, or every two seconds.
          for (let tries = 0; kind === 'other' && taken > ${20 * MIB} && tries < 50; tries++) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            taken = before - (await left());
          }
          return { kind, taken };
        } finally {
          fs.rmSync(path, { recursive: true });
        }
      };
      await write('/var/tmp');
      console.log(JSON.stringify([await write('/var/tmp'), await write('/dev/shm')]));`;
    const [disk, memory] = inGroup<{ kind: string; taken: number }[]>(context, program);
    expect(memory).toMatchObject({ kind: 'tmpfs' });
    expect(memory!.taken).toBeGreaterThan(50 * MIB);
    if (disk!.kind !== 'other') return context.skip('/var/tmp is in memory here');
    expect(disk!.taken).toBeLessThan(20 * MIB);
  });
});

/** Below our own group, or as near to it as this machine allows. */
async function makeGroup(): Promise<{ path: string; file: string } | undefined> {
  const [groups, mounts] = ['cgroup', 'mountinfo'].map((name) => readFileSync(`/proc/self/${name}`, 'utf8'));
  for (const view of cgroupViews(groups!, parseMountInfo(mounts!))) {
    const file = view.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
    for (const parent of (await directoriesOf(view, '/')).reverse()) {
      const path = join(parent, `weightseal-test-${process.pid}`);
      try {
        mkdirSync(path);
      } catch {
        continue;
      }
      try {
        // A kernel does not let files be made in a group, so that one without the controller fails here.
        writeFileSync(join(path, file), String(LIMIT));
        execFileSync('sh', ['-c', 'echo $$ > "$1/cgroup.procs"', 'sh', path], { stdio: 'ignore' });
        return { path, file };
      } catch {
        await removeGroup(path);
      }
    }
  }
  return undefined;
}

/** A process that has ended is in its group for a moment more. */
async function removeGroup(path: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return rmdirSync(path);
    } catch (error) {
      if (tries === 200) throw error;
      await sleep(10);
    }
  }
}
