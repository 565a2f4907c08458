import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Life, Owner } from '../src/owner.js';
import { isRoot } from './support/child.js';

const OWNER = new URL('../src/owner.ts', import.meta.url).href;
const SCRIPT = `
const { thisProcess, lifeOf } = await import(${JSON.stringify(OWNER)});
const own = await thisProcess();
const gone = { ...own, pid: 2_000_000 };
const lives = await Promise.all([own, { ...own, started: '12345' }, gone].map(lifeOf));
console.log(JSON.stringify({ own, lives }));
`;

interface Told {
  readonly own: Owner;
  readonly lives: readonly Life[];
}

function inNamespace(...flags: string[]): Told {
  const node = [process.execPath, '--input-type=module', '-e', SCRIPT];
  const { stdout, stderr } = spawnSync('unshare', ['--pid', '--fork', ...flags, ...node], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Told;
}

describe.skipIf(!isRoot)("a process in a PID namespace that sees its parent's /proc (as root)", () => {
  test('is not taken for the process that has its number there', () => {
    const { own, lives } = inNamespace();
    expect(own).toMatchObject({ pid: 1, started: '0' });
    // Whether another lives is asked of the kernel, and not of that /proc.
    expect(lives).toEqual(['lives', 'lives', 'dead']);
  });

  test('with a /proc of its own it is told by its start, too', () => {
    const { own, lives } = inNamespace('--mount-proc');
    expect(own.started).not.toBe('0');
    expect(lives).toEqual(['lives', 'dead', 'dead']);
  });
});
