import { readFile, writeFile } from 'node:fs/promises';
import {
  bufferSource,
  FileSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  reseal,
  rewrap,
  sealToFile,
  verify,
  type WeightsealError,
} from '@weightseal/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { collect, pattern, refusal, streamOf } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const SEGMENT = 4096;
const LENGTH = 10 * SEGMENT;
let sealed = Buffer.alloc(0);

beforeAll(async () => {
  const path = temp.path();
  await sealToFile(bufferSource(pattern(LENGTH)), path, {
    keys,
    segmentLength: SEGMENT,
    context: { model: 'm' },
  });
  sealed = await readFile(path);
});

/** What is wrong with a file, by the code that it has. */
const faults: Record<string, () => Uint8Array> = {
  NOT_SEALED: () => pattern(100_000),
  PAYLOAD_TRUNCATED: () => sealed.subarray(0, -10),
  ENVELOPE_DAMAGED: () => {
    const bytes = Buffer.from(sealed);
    return bytes.fill(0, 4096, bytes.length - 11 * SEGMENT);
  },
  SEGMENT_TAMPERED: () => {
    const bytes = Buffer.from(sealed);
    bytes[bytes.length - 5 * SEGMENT]! ^= 1;
    return bytes;
  },
};

const reading: Record<string, (path: string) => Promise<unknown>> = {
  openToFile: (path) => openToFile(path, temp.path(), { keys }),
  openToStream: (path) => collect(openToStream(path, { keys })),
  verify: (path) => verify(path, { keys }),
  'verify of a FileSource': async (path) => {
    await using source = await FileSource.open(path);
    return await verify(source, { keys });
  },
  'a reader': async (path) => {
    await using reader = await openReader(path, { keys });
    return await reader.read(0, LENGTH);
  },
  'a reader’s stream': async (path) => {
    await using reader = await openReader(path, { keys });
    return await collect(reader.stream());
  },
  reseal: (path) => reseal(path, { keys }),
};

const named = (error: WeightsealError, path: string) => [error.code, error.message.startsWith(`${path}: `)];

describe.each(Object.keys(faults))('%s names the file', (fault) => {
  it.each(Object.entries(reading))('in %s', async (_name, read) => {
    const path = temp.path();
    await writeFile(path, faults[fault]!());
    const error = await refusal(() => read(path));
    expect(named(error, path)).toEqual([fault, true]);
    expect(error.message.split(path)).toHaveLength(2);
  });
});

describe('so do', () => {
  it('what is only looked at, and what is rewrapped', async () => {
    const path = temp.path();
    await writeFile(path, faults['NOT_SEALED']!());
    expect(named(await refusal(() => inspect(path)), path)).toEqual(['NOT_SEALED', true]);
    expect(named(await refusal(() => rewrap(path, { keys })), path)).toEqual(['NOT_SEALED', true]);
    await writeFile(path, faults['PAYLOAD_TRUNCATED']!());
    expect(named(await refusal(() => inspect(path)), path)).toEqual(['PAYLOAD_TRUNCATED', true]);
  });

  it('a context that is another, and copies that differ', async () => {
    const path = temp.path();
    await writeFile(path, sealed);
    const context = { model: 'other' };
    for (const call of [verify, rewrap, reseal])
      expect(named(await refusal(() => call(path, { keys, context })), path)).toEqual([
        'CONTEXT_MISMATCH',
        true,
      ]);
    const bytes = Buffer.from(sealed);
    bytes[4096 + 200]! ^= 1;
    await writeFile(path, bytes);
    expect(named(await refusal(() => verify(path, { keys, strict: true })), path)).toEqual([
      'ENVELOPE_DAMAGED',
      true,
    ]);
  });
});

it('what has no path is told without one', async () => {
  const error = await refusal(() => verify(streamOf(faults['NOT_SEALED']!(), 1000), { keys }));
  expect(error.code).toBe('NOT_SEALED');
  expect(error.message).toMatch(/^[A-Z][a-z]/);
});
