import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FollowingDigest } from '../../src/stored/following-digest.js';
import { pattern } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const temp = await temporary();
const STRETCH = 10_000;
const bytes = pattern(123_456);
const path = temp.path('file');
await writeFile(path, bytes);
const expected = (offset: number) => ({
  sha256: createHash('sha256').update(bytes.subarray(offset)).digest('hex'),
  offset,
});
const starts = Array.from({ length: Math.ceil(bytes.length / STRETCH) }, (_, at) => at * STRETCH);
const offsets = fc.integer({ min: 0, max: bytes.length });

it('is of the file, from a place in it on, in whatever order its stretches come', async () => {
  const file = await open(path);
  const order = fc.shuffledSubarray(starts, { minLength: starts.length });
  await fc.assert(
    fc.asyncProperty(order, offsets, async (all, offset) => {
      await using digest = new FollowingDigest(expected(offset), bytes.length);
      await Promise.all(all.map((start) => digest.follow(file.fd, start, STRETCH, bytes.length)));
      expect(await digest.matches()).toBe(true);
    }),
    { numRuns: 30 },
  );
  await file.close();
});

it('is the same of bytes as they come, and of what lies there', async () => {
  const file = await open(path);
  await fc.assert(
    fc.asyncProperty(offsets, fc.integer({ min: 1, max: 50_000 }), async (offset, piece) => {
      await using coming = new FollowingDigest(expected(offset), bytes.length);
      for (let at = 0; at < bytes.length; at += piece) await coming.update(bytes.subarray(at, at + piece));
      await using lying = new FollowingDigest(expected(offset), bytes.length);
      await lying.all(file.fd, bytes.length, () => {});
      await using other = new FollowingDigest(
        { sha256: expected(offset).sha256.replace(/^./, 'x'), offset },
        bytes.length,
      );
      await other.all(file.fd, bytes.length, () => {});
      expect([await coming.matches(), await lying.matches(), await other.matches()]).toEqual([
        true,
        true,
        false,
      ]);
    }),
    { numRuns: 30 },
  );
  await file.close();
});
