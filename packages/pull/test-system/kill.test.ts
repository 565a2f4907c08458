import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { moments } from '../../core/test-system/support/kills.js';
import {
  bytesOf,
  fresh,
  MIB,
  releasedBundle,
  releasedFile,
  treeOf,
  visible,
} from '../test/support/releases.js';
import { Served } from '../test/support/served.js';
import { type Outcome, pullInChild, writeFiles } from './support/child.js';

const site = await fresh();
const files = await writeFiles(await fresh());
await releasedBundle(join(site, 'llama'), {
  'long.bin': bytesOf(40 * MIB, 1),
  'middle.bin': bytesOf(2 * MIB, 2),
  'small.bin': bytesOf(100, 3),
});
await releasedFile(join(site, 'bert.sealed'), bytesOf(40 * MIB + 3, 4));
const server = await Served.start(site);
afterAll(() => server[Symbol.asyncDispose]());
// So that there is something to be killed in.
server.delayMs = 4;

/** What lies there under its name, and not what is on its way. */
async function there(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [path, digest] of Object.entries(await treeOf(directory)))
    if (!path.startsWith('.')) found[path] = digest;
  return found;
}

async function timed(name: string): Promise<number> {
  const began = performance.now();
  const { outcome } = pullInChild(`${server.url}/${name}`, join(await fresh(), name), files);
  expect(await outcome).toMatchObject({ reused: 0 });
  return performance.now() - began;
}

describe.each(['llama', 'bert.sealed'])('%s, killed at any moment', (name) => {
  it('is whole or not there, and comes to its end with what was there', async () => {
    const all = await treeOf(site);
    const right = Object.fromEntries(Object.entries(all).filter(([path]) => path.startsWith(name)));
    const ms = await timed(name);
    let [killed, resumed] = [0, 0];
    const missing = () => (killed === 0 ? ('early' as const) : resumed === 0 ? ('late' as const) : undefined);
    for (const { part } of moments(missing)) {
      const directory = await fresh();
      const to = join(directory, name);
      const child = pullInChild(`${server.url}/${name}`, to, files);
      await Promise.race([sleep(part * ms), child.outcome]);
      child.process.kill('SIGKILL');
      if ((await child.outcome) === undefined) killed++;
      for (const [path, digest] of Object.entries(await there(directory)))
        expect([path, digest]).toEqual([path, right[path]]);
      if (name === 'llama')
        expect([[], Object.keys(right).sort()]).toContainEqual(Object.keys(await there(directory)).sort());
      const again = (await pullInChild(`${server.url}/${name}`, to, files).outcome) as Outcome;
      expect(again.code).toBeUndefined();
      expect(await there(directory)).toEqual(right);
      expect((await readdir(directory)).filter((one) => one.startsWith('.'))).toEqual([]);
      expect(await visible(directory)).toContain(name);
      if (again.fetched! < 0.9 * again.sealedSize!) resumed++;
    }
    expect(resumed).toBeGreaterThan(0);
  });
});
