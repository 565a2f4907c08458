import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  bufferSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  rewrap,
  verify,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { assemble } from '../scripts/vectors/pieces.js';
import type { NegativeVector, PositiveVector } from '../scripts/vectors/types.js';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, streamOf, waysToOpen } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const directory = join(import.meta.dirname, '..', 'vectors');
const read = async <T>(name: string): Promise<T[]> =>
  JSON.parse(await readFile(join(directory, `${name}.json`), 'utf8')) as T[];
const positive = await read<PositiveVector>('positive');
const negative = await read<NegativeVector>('negative');
const temp = await temporary();

const key = () => new MemoryKey('one', 'vector');
/** A key that gives the data key whatever the slot says: only the format's own checks are left to refuse a file. */
const givingDataKey = ({ dataKey }: PositiveVector) => {
  const giving = key();
  giving.unwrap = async () => Uint8Array.from(Buffer.from(dataKey, 'hex'));
  return giving;
};
const fileOf = ({ pieces, size }: PositiveVector) => assemble(pieces, size);

it('the script writes the committed vectors, byte for byte', async () => {
  const output = await temp.directory();
  const script = join(import.meta.dirname, '..', 'scripts', 'make-vectors.ts');
  await promisify(execFile)(process.execPath, [script, output]);
  const written = await readdir(output);
  expect(written.sort()).toEqual((await readdir(directory)).filter((name) => name.endsWith('.json')).sort());
  for (const name of written) {
    expect(
      (await readFile(join(output, name), 'utf8')) === (await readFile(join(directory, name), 'utf8')),
      name,
    ).toBe(true);
  }
});

describe('files that open', () => {
  it.each(positive)('$name: $comment', async (vector) => {
    const bytes = fileOf(vector);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(vector.sha256);
    for (const [way, open] of Object.entries(waysToOpen(bytes, [key()], temp.path()))) {
      const plaintext = await open();
      if (plaintext) expect(Buffer.from(plaintext).toString('hex'), way).toBe(vector.plaintext);
    }
  });

  it.each(positive)('$name: inspect shows what it says', async (vector) => {
    const shown = await inspect(bufferSource(fileOf(vector)));
    expect(shown).toMatchObject({
      context: vector.context,
      segmentLength: vector.segmentLength,
      segments: vector.segments,
      size: vector.plaintext.length / 2,
      sealedSize: vector.size,
      generation: vector.generation,
      copiesEqual: vector.copiesEqual,
    });
    expect(shown.recipients.map(({ keyUri }) => keyUri)).toEqual(vector.keyUris);
  });
});

describe('copies of the envelope that are not equal', () => {
  const unequal = positive.filter(({ copiesEqual }) => !copiesEqual);

  it('there are some', () => expect(unequal.map(({ name }) => name)).toHaveLength(3));

  it.each(unequal)('$name: verify tells, and refuses it when it is to be strict', async (vector) => {
    const source = bufferSource(fileOf(vector));
    const name = vector.name === 'copy-a-damaged' || vector.name === 'copy-b-newer' ? 'A' : 'B';
    const otherCopy = { name, offset: name === 'A' ? 4096 : 8192, length: 4096 };
    const keys = [key()];
    for (const input of [source, () => streamOf(fileOf(vector), 1000)]) {
      const made = () => (typeof input === 'function' ? input() : input);
      expect(await verify(made(), { keys })).toMatchObject({ copiesEqual: false, otherCopy });
      await expect(verify(made(), { keys, strict: true })).rejects.toEqual(code('ENVELOPE_DAMAGED'));
    }
    const output = temp.path();
    await expect(openToFile(source, output, { keys, strict: true })).rejects.toEqual(
      code('ENVELOPE_DAMAGED'),
    );
    expect(existsSync(output)).toBe(false);
    expect(await openToFile(source, output, { keys })).toMatchObject({ copiesEqual: false, otherCopy });
  });

  it.each(unequal)('$name: a rewrap mends it', async (vector) => {
    const path = temp.path();
    await writeFile(path, fileOf(vector));
    await rewrap(path, { keys: [key()] });
    const verified = await verify(path, { keys: [key()], strict: true });
    expect(verified.copiesEqual).toBe(true);
    expect(verified).not.toHaveProperty('otherCopy');
  });
});

describe('files that are refused', () => {
  const baseOf = (vector: NegativeVector) => positive.find(({ name }) => name === vector.of)!;
  const damaged = (vector: NegativeVector) => assemble(vector.changes, vector.size, fileOf(baseOf(vector)));

  it.each(negative)('$name is $code: $comment', async (vector) => {
    const output = temp.path();
    for (const [way, open] of Object.entries(
      waysToOpen(damaged(vector), [givingDataKey(baseOf(vector))], output),
    )) {
      const expected = way.endsWith('of a stream') ? (vector.streamCode ?? vector.code) : vector.code;
      await expect(open(), way).rejects.toEqual(code(expected as never));
      expect(existsSync(output), way).toBe(false);
    }
  });

  it.each(negative.filter(({ foundByReading }) => !foundByReading))(
    '$name: opening alone finds it',
    async (vector) => {
      await expect(
        openReader(bufferSource(damaged(vector)), { keys: [givingDataKey(baseOf(vector))] }),
      ).rejects.toEqual(code(vector.code as never));
    },
  );

  it.each(negative.filter(({ foundByReading }) => foundByReading))(
    '$name: a reader opens, and reads elsewhere',
    async (vector) => {
      await using reader = await openReader(bufferSource(damaged(vector)), { keys: [key()] });
      const first = Buffer.from(await reader.read(0, 32)).toString('hex');
      expect(first).toBe(baseOf(vector).plaintext.slice(0, 64));
    },
  );

  it.each(negative)('$name: what a reader without a key finds of it', async (vector) => {
    const shown = inspect(bufferSource(damaged(vector)));
    const { codeWithoutKey } = vector;
    if (codeWithoutKey) await expect(shown).rejects.toEqual(code(codeWithoutKey as never));
    else await expect(shown).resolves.toMatchObject({ sealedSize: vector.size });
  });

  it('a stream gives out what comes before the fault, and nothing after it', async () => {
    const vector = negative.find(({ name }) => name === 'segment-tag')!;
    const given = collect(openToStream(streamOf(damaged(vector)), { keys: [key()] }));
    await expect(given).rejects.toMatchObject({
      message: expect.stringContaining('do not use what came before'),
    });
  });
});
