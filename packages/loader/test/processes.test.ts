import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARKED } from '../src/descriptors.js';
import { keyOf } from '../src/inode-id.js';
import { unescaped } from '../src/machine/mount-info.js';
import { usesOf, type Wanted } from '../src/processes.js';

const idOf = (path: string) => {
  const { dev, ino } = statSync(path, { bigint: true });
  return { dev, ino };
};
const useOf = async (wanted: Wanted) => (await usesOf({ inodes: [wanted] }))?.uses[0];

describe.runIf(process.platform === 'linux')('who uses a file, from /proc (on Linux)', () => {
  let directory: string;
  let path: string;
  const children: ChildProcess[] = [];
  const open: number[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weightseal-uses-'));
    path = join(directory, 'file');
    writeFileSync(path, 'x');
  });
  afterEach(async () => {
    for (const fd of open.splice(0)) closeSync(fd);
    for (const child of children.splice(0)) {
      const exit = once(child, 'exit');
      // And what it has started.
      process.kill(-child.pid!, 'SIGKILL');
      await exit;
    }
    rmSync(directory, { recursive: true });
  });

  /** A shell that has done what the script says, and waits. */
  async function shell(script: string, third: number | 'ignore' = 'ignore'): Promise<ChildProcess> {
    const child = spawn('sh', ['-c', `${script}\necho done; read -r _`, 'sh', path], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit', third],
    });
    children.push(child);
    await once(child.stdout!, 'data');
    return child;
  }
  const opened = (flags: number): number => {
    const fd = openSync(path, flags);
    open.push(fd);
    return fd;
  };

  test('a file that this process maps is mapped, by what the kernel calls its device and inode', async () => {
    expect(await useOf(idOf(realpathSync(process.execPath)))).toBe('mapped');
  });

  test('one that nobody has is not used', async () => {
    expect(await useOf(idOf(path))).toBe('none');
  });

  test('one that this process has open is open, but for the descriptors that are known', async () => {
    const [one, two] = [opened(constants.O_RDONLY), opened(constants.O_RDWR)];
    expect(await useOf(idOf(path))).toBe('open');
    expect(await useOf({ ...idOf(path), own: [one] })).toBe('open');
    expect(await useOf({ ...idOf(path), own: [one, two] })).toBe('none');
  });

  test.each([
    ['for reading', 'exec 4<"$1"'],
    ['for writing', 'exec 4>>"$1"'],
    ['by another name', 'exec 4<"$1-link"'],
    [
      'in a process that another has started',
      '{ exec 4<"$1"; : >"$1-has"; sleep 60; } & until [ -e "$1-has" ]; do sleep 0.02; done',
    ],
    ['with the name gone', 'exec 4<"$1"; mv "$1" "$1-moved"'],
  ])('one that another process has open %s is open', async (_, script) => {
    linkSync(path, `${path}-link`);
    const wanted = { ...idOf(path), own: [4], given: 3 };
    await shell(`exec 3<&-\n${script}`);
    expect(await useOf(wanted)).toBe('open');
  });

  test('one that a process has whose first thread has ended is used', async ({ skip }) => {
    const number = { x64: 60, arm64: 93 }[process.arch as string];
    skip(number === undefined, 'the number of exit(2) is not known here');
    skip(spawnSync('python3', ['-c', '']).status !== 0, 'there is no python3 here');
    const script = `import ctypes,sys,threading,time
f=open(sys.argv[1]); threading.Thread(target=time.sleep,args=(60,)).start(); print("done",flush=True); ctypes.CDLL(None).syscall(${number},0)`;
    const python = spawn('python3', ['-c', script, path], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(python);
    await once(python.stdout!, 'data');
    for (let tries = 0; tries < 250; tries++) {
      if (/\) Z /.test(readFileSync(`/proc/${python.pid}/stat`, 'latin1'))) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(readdirSync(`/proc/${python.pid}/fd`), 'it seems to have nothing open').toEqual([]);
    expect(await useOf(idOf(path))).toBe('open');
  });

  describe('the descriptor that was given', () => {
    const given = () => ({ ...idOf(path), given: 3, own: open });

    test('is no use of it, also where it was inherited from whom it was given to', async () => {
      await shell('sleep 60 & :', opened(MARKED));
      expect(await useOf(given())).toBe('none');
      expect(await useOf({ ...given(), given: undefined })).toBe('open');
    });

    test.each([
      ['opened anew under its number', 'exec 3<&-; exec 3<"$1"'],
      ['opened anew beside it', 'exec 4<"$1"'],
      ['duplicated', 'exec 4<&3'],
      ['moved', 'exec 4<&3 3<&-'],
    ])('is one when it was %s', async (_, script) => {
      await shell(script, opened(MARKED));
      expect(await useOf(given())).toBe('open');
    });
  });

  test.each([
    ['O_NOATIME', 0o1000000],
    ['O_APPEND', constants.O_APPEND],
    ['both, and for writing too', MARKED | constants.O_RDWR],
  ])('what others open with %s under the number of the given one is a use', async (_, flags) => {
    await shell('sleep 60 & :', opened(flags));
    expect(await useOf({ ...idOf(path), given: 3, own: open })).toBe('open');
  });

  test('many questions are answered together, and one that comes later is not by what was seen before', async () => {
    const first = usesOf({ inodes: [idOf(path)] });
    await first;
    const earlier = usesOf({ inodes: [idOf(path)] });
    await shell('exec 4<"$1"');
    const all = await Promise.all(Array.from({ length: 20 }, () => useOf(idOf(path))));
    expect(all).toEqual(Array(20).fill('open'));
    await earlier;
  });

  test('a mount point is found by its path or one above it, and what is mounted is not', async () => {
    const mounted = async (...mountPoints: string[]) => (await usesOf({ inodes: [], mountPoints }))?.mounted;
    expect(await mounted('/proc')).toBe(true);
    expect(await mounted('/nowhere', '/proc')).toBe(true);
    expect(await mounted('/pro')).toBe(false);
    expect(await mounted('tmpfs')).toBe(false);
    expect(await mounted()).toBe(false);
  });
});

test('device numbers are put together as the kernel writes them', () => {
  expect(keyOf({ dev: 0xfe00n, ino: 131n })).toBe('fe:00 131');
  expect(keyOf({ dev: 0x27n, ino: 2n })).toBe('00:27 2');
  // major 0x1234, minor 0xabcde
  expect(keyOf({ dev: 0x1000_abc2_34den, ino: 1n })).toBe('1234:abcde 1');
});

test('paths in mountinfo are unescaped, whatever alphabet they are in', () => {
  const bytes = (text: string) => Buffer.from(text).toString('latin1');
  expect(unescaped(bytes('/mnt/a\\040b\\134c/é'))).toBe(bytes('/mnt/a b\\c/é'));
});
