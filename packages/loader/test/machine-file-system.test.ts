import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import * as advice from '../src/advice.js';
import {
  checkSpace,
  type FileSystem,
  fileSystemOf,
  hasNoswap,
  kindOf,
  mountIn,
  spaceIn,
} from '../src/machine/file-system.js';
import { inUnits } from '../src/size.js';

const MIB = 1_048_576;
const GIB = 1024 * MIB;

async function of(path: string): Promise<FileSystem> {
  await using handle = await open(path, 'r');
  return await fileSystemOf(handle.fd);
}

function isInMemory(path: string): boolean {
  const type = execFileSync('stat', ['-f', '-c', '%T', path], { encoding: 'utf8' }).trim();
  return type === 'tmpfs' || type === 'ramfs';
}

describe.skipIf(process.platform !== 'linux')('fileSystemOf (on Linux)', () => {
  test('/dev/shm is a tmpfs', async () => {
    const { kind, free, size } = await of('/dev/shm');
    expect(kind).toBe('tmpfs');
    expect(free).toBeGreaterThanOrEqual(0);
    expect(size).toBeGreaterThanOrEqual(free!);
  });

  test('/proc, which is in memory too, is something else', async () => {
    expect(await of('/proc')).toMatchObject({ kind: 'other', noswap: false });
  });

  test('a descriptor that is closed is nothing that is known', async () => {
    const unknown = { kind: 'other', free: undefined, size: undefined, noswap: false };
    expect(await fileSystemOf(999_999)).toEqual(unknown);
    expect(await fileSystemOf(-1)).toEqual(unknown);
  });
});

test('the repository is on a disk, unless it was put elsewhere', async (context) => {
  const elsewhere = process.platform === 'linux' && isInMemory(import.meta.dirname);
  if (elsewhere) return context.skip('it is in memory');
  expect(await of(import.meta.dirname)).toMatchObject({ kind: 'other', noswap: false });
});

test('the type may come with a sign', () => {
  expect([0x01021994, 0x858458f6, 0x858458f6 | 0, 0xef53, 0].map(kindOf)).toEqual([
    'tmpfs',
    'ramfs',
    'ramfs',
    'other',
    'other',
  ]);
});

test('sizes over 32 bits, fragments, and memory without a size', () => {
  const stats = { bsize: 4096, blocks: 2 ** 31, bavail: 2 ** 30 };
  expect(spaceIn(stats, 'tmpfs')).toEqual({ free: 2 ** 42, size: 2 ** 43 });
  expect(spaceIn({ ...stats, frsize: 512 }, 'other')).toEqual({ free: 2 ** 39, size: 2 ** 40 });
  for (const kind of ['tmpfs', 'ramfs'] as const) {
    expect(spaceIn({ bsize: 4096, blocks: 0, bavail: 0 }, kind)).toEqual({
      free: undefined,
      size: undefined,
    });
  }
  expect(spaceIn({ bsize: 4096, blocks: 0, bavail: 0 }, 'other')).toEqual({ free: 0, size: 0 });
});

test('noswap is an option of the very mount that the descriptor is on', () => {
  const mounts = [
    '61 43 0:38 / /a rw - tmpfs t rw,size=8192k',
    '62 43 0:39 / /b rw - tmpfs t rw,size=8192k,noswap',
    '63 43 0:40 / /c,noswap rw,noswap - ext4 noswap rw,noswap',
  ].join('\n');
  const info = (id: number) => `pos:\t0\nflags:\t0100000\nmnt_id:\t${id}\nino:\t3\n`;
  expect([61, 62, 63, 64, 6].map((id) => hasNoswap(mountIn(info(id), mounts)))).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(hasNoswap(mountIn('', mounts))).toBe(false);
});

describe('checkSpace', () => {
  const tmpfs = (size: number, free = size): FileSystem => ({ kind: 'tmpfs', free, size, noswap: false });
  const refused = (expected: RegExp) =>
    expect.objectContaining({ code: 'NO_SPACE', message: expect.stringMatching(expected) });

  test('more files than it can have', () => {
    expect(() => checkSpace(1, { ...tmpfs(MIB), inodes: 3 }, '/dev/shm', 4)).toThrow(
      refused(/is 4 files and directories, and \/dev\/shm has room for only 3 more.*nr_inodes/),
    );
  });

  test('what fits to the byte, and what has no size', () => {
    checkSpace(64 * MIB, tmpfs(64 * MIB), '/dev/shm');
    checkSpace(1, { ...tmpfs(MIB), inodes: 3 }, '/dev/shm', 3);
    checkSpace(2 ** 50, { kind: 'ramfs', free: undefined, size: undefined, noswap: true }, '/r');
  });

  test('64 MiB at /dev/shm are Docker’s', () => {
    const docker =
      /64 MiB is what Docker gives a container unless told\); make it larger\. Docker: --shm-size=4097m/;
    expect(() => checkSpace(4 * GIB, tmpfs(64 * MIB, 60 * MIB), '/dev/shm')).toThrow(refused(docker));
    const plain =
      /^The plaintext takes 4\.00 GiB, and \/\S+ has only 6\d\.0 MiB free of 6\d\.0 MiB; make it larger\. Docker: /;
    expect(() => checkSpace(4 * GIB, tmpfs(64 * MIB), '/dev/shm2')).toThrow(refused(plain));
    expect(() => checkSpace(4 * GIB, tmpfs(65 * MIB), '/dev/shm')).toThrow(refused(plain));
  });

  test('one that is full, and a disk', () => {
    expect(() => checkSpace(2 * GIB, tmpfs(4 * GIB, GIB), '/t')).toThrow(refused(/remove what is in it, or/));
    expect(() => checkSpace(2, { kind: 'other', free: 1, size: 8, noswap: false }, '/d')).toThrow(
      refused(
        /^The plaintext takes 2 B, and \/d has only 1 B free of 8 B; free some, or choose another place\.$/,
      ),
    );
  });
});

test('each advice names where models run', () => {
  const all = [
    advice.noMemoryFs,
    advice.swap,
    advice.tooSmall(GIB),
    advice.memoryLimit(GIB),
    advice.machineMemory(GIB),
  ];
  for (const text of all)
    for (const name of ['Docker', 'Kubernetes', 'systemd']) expect(text).toContain(`${name}: `);
});

test('inUnits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [100, '100 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [64 * MIB, '64.0 MiB'],
    [MIB - 1, '1.00 MiB'],
    [1000 * MIB, '1000 MiB'],
    [999.6 * MIB, '1000 MiB'],
    [4 * GIB, '4.00 GiB'],
    [2 ** 53, '8.00 PiB'],
  ];
  for (const [bytes, text] of cases) expect(inUnits(bytes)).toBe(text);
});
