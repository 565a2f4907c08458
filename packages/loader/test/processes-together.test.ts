import { expect, test, vi } from 'vitest';
import { usesOf } from '../src/processes.js';

const looked = vi.hoisted(() => ({ times: 0 }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readdir = (path: string) => {
    if (path === '/proc') looked.times++;
    return real.readdir(path);
  };
  return { ...real, readdir };
});

test.runIf(process.platform === 'linux')(
  'what is asked at once is answered by one look, or by the next (on Linux)',
  async () => {
    const ask = () => usesOf({ inodes: [{ dev: 1n, ino: 1n }] });
    await ask();
    expect(looked.times).toBe(1);
    const first = ask();
    const later = Array.from({ length: 30 }, ask);
    await Promise.all([first, ...later]);
    expect(looked.times).toBe(3);
  },
);
