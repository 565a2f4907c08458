import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkMemoryFor, memoryLeft } from '../src/memory-left.js';

const root = await mkdtemp(join(tmpdir(), 'weightseal-groups-'));
afterAll(() => rm(root, { recursive: true }));

/** What is left in a machine with these files, where this process is in the groups of these lines. */
async function left(lines: string, files: Record<string, string>): Promise<number | undefined> {
  const machine = await mkdtemp(join(root, 'm-'));
  for (const [name, content] of Object.entries({ ...files, cgroup: `${lines}\n` })) {
    await mkdir(dirname(join(machine, name)), { recursive: true });
    await writeFile(join(machine, name), `${content}\n`);
  }
  return await memoryLeft(machine, join(machine, 'cgroup'));
}

const V2 = '0::/a/b';
const V1 = '4:memory:/a\n3:cpu:/a\n0::/';

it('is the limit without what is used and cannot be dropped', async () => {
  expect(
    await left(V2, {
      'a/b/memory.max': '1000',
      'a/b/memory.current': '600',
      'a/b/memory.stat': 'anon 400\ninactive_file 150\nactive_file 50',
    }),
  ).toBe(600);
  expect(
    await left(V1, {
      'memory/a/memory.limit_in_bytes': '1000',
      'memory/a/memory.usage_in_bytes': '900',
      'memory/a/memory.stat': 'inactive_file 1\ntotal_inactive_file 100\ntotal_active_file 200',
    }),
  ).toBe(400);
});

it('is that of the tightest of all groups that this one is in', async () => {
  const files = { 'a/memory.max': '500', 'a/memory.current': '450', 'a/b/memory.max': '1000' };
  expect(await left(V2, files)).toBe(50);
});

it('is that of what is mounted, where a container hides the path', async () => {
  expect(await left('0::/../x', { 'memory.max': '70' })).toBe(70);
  expect(await left(V1, { 'memory/memory.limit_in_bytes': '70' })).toBe(70);
});

it('is never less than nothing', async () => {
  expect(await left(V2, { 'a/b/memory.max': '10', 'a/b/memory.current': '20' })).toBe(0);
});

it('is unknown where nothing limits it, or nothing can be read', async () => {
  expect(await left(V2, { 'a/b/memory.max': 'max' })).toBeUndefined();
  expect(await left(V1, { 'memory/a/memory.limit_in_bytes': '9223372036854771712' })).toBeUndefined();
  expect(await left('', {})).toBeUndefined();
  expect(await memoryLeft('/nowhere', '/nowhere/cgroup')).toBeUndefined();
});

it('no machine has 2^60 bytes left where something limits it: who wants them is told, and not killed', async () => {
  const known = await memoryLeft();
  const check = checkMemoryFor(2 ** 60, 'derive the key');
  if (known === undefined) await check;
  else await expect(check).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  await checkMemoryFor(1, 'derive the key');
});
