import { mkdtempSync, openSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unescaped } from '../src/machine/mount-info.js';
import { inodeInMaps, processesWith } from '../src/processes.js';

describe.runIf(process.platform === 'linux')('who uses a file, from /proc', () => {
  test('a file that this process maps is found, by what the kernel calls its device and inode', async () => {
    const binary = statSync(realpathSync(process.execPath), { bigint: true });
    expect(await processesWith('maps', [inodeInMaps(binary)])).toContain(process.pid);
  });

  test('one that is only open is not', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weightseal-maps-'));
    try {
      const path = join(directory, 'open');
      writeFileSync(path, 'x');
      openSync(path, 'r');
      expect(await processesWith('maps', [inodeInMaps(statSync(path, { bigint: true }))])).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('a mount point is found by its path, and the root of a mount, or what it is of, is not', async () => {
    expect(await processesWith('mountinfo', ['/proc'])).toContain(process.pid);
    expect(await processesWith('mountinfo', ['tmpfs'])).toEqual([]);
    expect(await processesWith('mountinfo', [])).toEqual([]);
  });
});

test('device numbers are put together as the kernel writes them', () => {
  expect(inodeInMaps({ dev: 0xfe00n, ino: 131n })).toBe('fe:00 131');
  expect(inodeInMaps({ dev: 0x27n, ino: 2n })).toBe('00:27 2');
  // major 0x1234, minor 0xabcde
  expect(inodeInMaps({ dev: 0x1000_abc2_34den, ino: 1n })).toBe('1234:abcde 1');
});

test('paths in mountinfo are unescaped, whatever alphabet they are in', () => {
  const bytes = (text: string) => Buffer.from(text).toString('latin1');
  expect(unescaped(bytes('/mnt/a\\040b\\134c/é'))).toBe(bytes('/mnt/a b\\c/é'));
});
