import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectBundle, openBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import type { BundleFault } from '../scripts/vectors/bundle-fault.js';
import type { BundleVector } from '../scripts/vectors/bundles.js';
import { writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const directory = join(import.meta.dirname, '..', 'vectors');
const read = async <T>(name: string): Promise<T[]> =>
  JSON.parse(await readFile(join(directory, `${name}.json`), 'utf8')) as T[];
const bundles = await read<BundleVector>('bundles');
const faults = await read<BundleFault>('bundle-faults');
const temp = await temporary();

const bytes = (hex: string) => Buffer.from(hex, 'hex');
/** A key that gives the data key whatever the slot says: only the format's own checks are left to refuse a bundle. */
const giving = ({ dataKey }: BundleVector) => {
  const key = new MemoryKey('one', 'vector');
  key.unwrap = async () => Uint8Array.from(bytes(dataKey));
  return [key];
};

async function write(files: Readonly<Record<string, string | null>>): Promise<string> {
  const all = Object.entries(files).filter((one): one is [string, string] => one[1] !== null);
  return await writeTree(
    await temp.directory(),
    all.map(([name, hex]) => [name, bytes(hex)] as const),
  );
}

describe('bundles that open', () => {
  it.each(bundles)('$name: $comment', async (vector) => {
    const at = await write(vector.files);
    expect(await inspectBundle(at)).toMatchObject({ context: vector.context, generation: vector.generation });
    await using bundle = await openBundle(at, { keys: [new MemoryKey('one', 'vector')] });
    expect(bundle.opened).toMatchObject({ ...vector.metadata, members: vector.members.length });
    const found = await Promise.all(
      bundle.members().map(async (member) => {
        if (member.kind === 'directory' || member.kind === 'link') return member;
        const { kind, path, executable, size } = member;
        return {
          kind,
          path,
          executable,
          plaintext: Buffer.from(await bundle.read(path, 0, size)).toString('hex'),
        };
      }),
    );
    expect(found).toEqual(vector.members);
    await bundle.verify();
  });
});

describe('bundles that are refused', () => {
  it.each(faults)(
    '$name: $comment',
    async ({ of, files, code: expected, foundByReading, codeWithoutKey }) => {
      const vector = bundles.find(({ name }) => name === of)!;
      const at = await write({ ...vector.files, ...files });
      const keys = giving(vector);
      expect(await refusal(() => verifyBundle(at, { keys }))).toMatchObject({ code: expected });
      if (foundByReading) await (await openBundle(at, { keys })).close();
      else await expect(openBundle(at, { keys })).rejects.toEqual(code(expected as 'INTERNAL'));
      if (codeWithoutKey === undefined) await inspectBundle(at);
      else await expect(inspectBundle(at)).rejects.toEqual(code(codeWithoutKey as 'INTERNAL'));
    },
  );

  it('have names of their own', () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  });
});
