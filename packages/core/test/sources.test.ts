import { execFileSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { appendFile, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ByteSource,
  FileSource,
  inspect,
  openReader,
  openToFile,
  openToStream,
  reseal,
  rewrap,
  sealToFile,
  sealToStream,
  verify,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { forge } from './support/forge.js';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, failureOf, pattern, refusal, sealBytes, streamOf } from './support/sealed.js';
import { dataKeyOf, smallParts } from './support/small-file.js';
import { everythingIn, temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const PLAINTEXT = pattern(20_000);
const sealed = await sealBytes(PLAINTEXT, { keys, segmentLength: 1000 });

/** A source whose reads, from the given one on, are answered in another way. */
function lying(
  bytes: Uint8Array,
  from: number,
  answer: (offset: number, length: number) => unknown,
): ByteSource {
  let reads = 0;
  return {
    size: bytes.length,
    read: async (offset, length) =>
      (reads++ < from ? bytes.slice(offset, offset + length) : await answer(offset, length)) as Uint8Array,
  };
}

const lies: Record<string, (offset: number, length: number) => unknown> = {
  'gives one byte less': (offset, length) => sealed.slice(offset, offset + length - 1),
  'gives one byte more': (_offset, length) => new Uint8Array(length + 1),
  'gives nothing': () => new Uint8Array(),
  'gives other bytes': (_offset, length) => pattern(length, 9),
  'gives undefined': () => undefined,
  'throws an error of its own': () => {
    throw new TypeError('the network is down');
  },
  'throws a string': () => Promise.reject('down'),
};

const waysToOpen: Record<string, (source: ByteSource, directory: string) => Promise<unknown>> = {
  openToFile: (source, directory) => openToFile(source, `${directory}/out`, { keys }),
  openToStream: (source) => collect(openToStream(source, { keys })),
  verify: (source) => verify(source, { keys }),
  inspect: (source) => inspect(source),
  openReader: async (source) => {
    await using reader = await openReader(source, { keys });
    await reader.read(0, reader.size);
  },
};

describe('a source that is not what it says', () => {
  for (const [way, open] of Object.entries(waysToOpen)) {
    it.each(Object.entries(lies))(
      `${way}: one that %s gives an error of ours, and leaves nothing`,
      async (_name, answer) => {
        for (const from of [0, 1, 2]) {
          if (way === 'inspect' && from > 0) continue;
          const directory = await temp.directory();
          await refusal(() => open(lying(sealed, from, answer), directory));
          expect(await everythingIn(directory)).toEqual([]);
        }
      },
    );
  }

  it.each(Object.entries(lies).filter(([name]) => name !== 'gives other bytes'))(
    'sealing: one that %s gives an error of ours, and leaves nothing',
    async (_name, answer) => {
      const directory = await temp.directory();
      await refusal(() =>
        sealToFile(lying(PLAINTEXT, 0, answer), `${directory}/out`, { keys, segmentLength: 1000 }),
      );
      expect(await everythingIn(directory)).toEqual([]);
      await refusal(() => collect(sealToStream(lying(PLAINTEXT, 0, answer), { keys, segmentLength: 1000 })));
    },
  );

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'a size of %d gives an error of ours at once',
    async (size) => {
      const source = { size, read: async (_offset: number, length: number) => new Uint8Array(length) };
      const directory = await temp.directory();
      for (const open of Object.values(waysToOpen)) await refusal(() => open(source, directory));
      const sealing = refusal(() =>
        sealToFile(source, `${directory}/out`, { keys, signal: AbortSignal.timeout(2000) }),
      );
      expect((await sealing).code).toBe('INVALID_ARGUMENT');
      expect(await everythingIn(directory)).toEqual([]);
    },
  );

  it('a size that grows or shrinks between the reads gives an error of ours', async () => {
    for (const step of [-1, -500, 1, 500]) {
      const source = {
        size: sealed.length,
        read: async (offset: number, length: number) => {
          source.size += step;
          return sealed.slice(offset, offset + length);
        },
      };
      await refusal(() => verify(source, { keys }));
    }
  });
});

describe('a stream that is not what it should be', () => {
  const streams: Record<string, () => AsyncIterable<Uint8Array>> = {
    'fails at once': () => Readable.from([]).destroy(new Error('gone')),
    'fails in the middle': () =>
      (async function* () {
        yield sealed.subarray(0, 40_000);
        throw new Error('gone');
      })(),
    'gives strings': () => Readable.from(['text']) as AsyncIterable<Uint8Array>,
    'gives numbers': () => Readable.from([1, 2]) as AsyncIterable<Uint8Array>,
  };
  it.each(Object.entries(streams))(
    'one that %s gives an error of ours, and leaves nothing',
    async (_name, make) => {
      const directory = await temp.directory();
      await refusal(() => openToFile(make(), `${directory}/out`, { keys }));
      await refusal(() => collect(openToStream(make(), { keys })));
      await refusal(() => sealToFile(make(), `${directory}/out`, { keys }));
      await refusal(() => collect(sealToStream(make(), { keys })));
      expect(await everythingIn(directory)).toEqual([]);
    },
  );

  it('empty chunks, and chunks of other views, are fine', async () => {
    async function* chunks() {
      yield new Uint8Array();
      yield Buffer.from(sealed.subarray(0, 10_000));
      yield new Uint8Array();
      yield new DataView(sealed.buffer, sealed.byteOffset + 10_000) as unknown as Uint8Array;
      yield new Uint8Array();
    }
    expect(Buffer.compare(await collect(openToStream(chunks(), { keys })), PLAINTEXT)).toBe(0);
  });

  it('memory that the producer uses again for the next chunk is fine', async () => {
    async function* chunks() {
      const memory = new Uint8Array(1000);
      for (let at = 0; at < sealed.length; at += memory.length) {
        const part = sealed.subarray(at, at + memory.length);
        memory.fill(0xee);
        memory.set(part);
        yield memory.subarray(0, part.length);
      }
    }
    expect(Buffer.compare(await collect(openToStream(chunks(), { keys })), PLAINTEXT)).toBe(0);
  });

  it('a changed end is refused, whether or not the length was known in advance', async () => {
    const unknown = await collect(sealToStream(streamOf(PLAINTEXT), { keys, segmentLength: 1000 }));
    const last = (bytes: Uint8Array) => bytes.length - (20_000 - 20 * 968) - 32;
    for (const marker of [0, 31, 32, 40, 671, 673, 1000, 1001, 0xffff_ffff]) {
      for (const bytes of [unknown, sealed]) {
        const changed = bytes.slice();
        new DataView(changed.buffer).setUint32(last(changed), marker);
        const error = await refusal(() => collect(openToStream(streamOf(changed, 777), { keys })));
        expect(error.class, `marker ${marker}`).toBe('integrity');
      }
    }
  });
});

describe('an input file', () => {
  it('that does not exist is INPUT_NOT_FOUND', async () => {
    const missing = temp.path();
    const directory = await temp.directory();
    await expect(sealToFile(missing, `${directory}/out`, { keys })).rejects.toEqual(code('INPUT_NOT_FOUND'));
    await expect(openToFile(missing, `${directory}/out`, { keys })).rejects.toEqual(code('INPUT_NOT_FOUND'));
    await expect(inspect(missing)).rejects.toEqual(code('INPUT_NOT_FOUND'));
    await expect(openReader(missing, { keys })).rejects.toEqual(code('INPUT_NOT_FOUND'));
    expect(await everythingIn(directory)).toEqual([]);
  });

  it('that is a directory or a device is INVALID_ARGUMENT', async () => {
    const directory = await temp.directory();
    for (const input of [directory, '/dev/null']) {
      await expect(sealToFile(input, `${directory}/out`, { keys })).rejects.toEqual(code('INVALID_ARGUMENT'));
      await expect(verify(input, { keys })).rejects.toEqual(code('INVALID_ARGUMENT'));
    }
  });

  it('that is a pipe nobody writes to is INVALID_ARGUMENT, at once', async () => {
    const pipe = temp.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const outcome = await Promise.race([
      failureOf(() => inspect(pipe)),
      delay(10_000, 'hangs', { ref: false }),
    ]);
    // Lets the open end, so that the test can.
    if (outcome === 'hangs') await writeFile(pipe, '');
    expect(outcome).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  const changes: Record<string, (path: string) => Promise<void>> = {
    grows: (path) => appendFile(path, 'x'),
    shrinks: (path) => truncate(path, 10),
  };
  for (const size of [PLAINTEXT.length, 6_000_000]) {
    it.each(Object.entries(changes))(
      `of ${size} bytes that %s while it is sealed is INPUT_CHANGED`,
      async (_name, change) => {
        const directory = await temp.directory();
        const input = temp.path();
        await writeFile(input, pattern(size));
        const { promise, resolve } = Promise.withResolvers<void>();
        const slow = new MemoryKey('slow');
        const wrap = slow.wrap.bind(slow);
        slow.wrap = async (...call) => {
          resolve(change(input));
          await promise;
          return wrap(...call);
        };
        const error = await refusal(() => sealToFile(input, `${directory}/out`, { keys: [slow] }));
        expect(error.code).toBe('INPUT_CHANGED');
        expect(await everythingIn(directory)).toEqual([]);
      },
    );
  }

  /** Writes other bytes, or only another time, over what has been read already. */
  const overwriting = (path: string, bytes: Uint8Array) => ({
    onProgress: ({ bytes: done }: { bytes: number }) => {
      if (done === 0) return;
      writeFileSync(path, bytes, { flag: 'r+' });
      utimesSync(path, new Date(), new Date(Date.now() + 5000));
    },
  });

  for (const size of [PLAINTEXT.length, 6_000_000]) {
    it(`of ${size} bytes that is written over after it was read is INPUT_CHANGED`, async () => {
      const directory = await temp.directory();
      const input = temp.path();
      await writeFile(input, pattern(size));
      const over = overwriting(input, pattern(10, 2));
      await expect(sealToFile(input, `${directory}/out`, { keys, ...over })).rejects.toEqual(
        code('INPUT_CHANGED'),
      );
      await writeFile(input, pattern(size));
      await using source = await FileSource.open(input);
      await expect(sealToFile(source, `${directory}/out`, { keys, ...over })).rejects.toEqual(
        code('INPUT_CHANGED'),
      );
      expect(await everythingIn(directory)).toEqual([]);
    });

    it(`of ${size} bytes whose time moves while its bytes stay is sealed`, async () => {
      const [input, output] = [temp.path(), temp.path()];
      await writeFile(input, pattern(size));
      const touched = overwriting(input, pattern(size).subarray(0, 10));
      const { digest } = await sealToFile(input, output, { keys, ...touched });
      expect(await verify(output, { keys })).toMatchObject({ size, digest, digestVerified: true });
    });
  }

  it('whose time moves is refused where there is no digest to compare with, and the sentence says what to do', async () => {
    const input = temp.path();
    await writeFile(input, PLAINTEXT);
    const touched = overwriting(input, PLAINTEXT.subarray(0, 10));
    for (const attempt of [
      () => sealToFile(input, temp.path(), { keys, digest: false, ...touched }),
      () => collect(sealToStream(input, { keys, ...touched })),
    ]) {
      const error = await refusal(attempt);
      expect(error.code).toBe('INPUT_CHANGED');
      expect(error.message).toContain('as a stream');
    }
  });

  it('that is sealed may have any time: its bytes are authenticated', async () => {
    for (const size of [PLAINTEXT.length, 6_000_000]) {
      const [input, output] = [temp.path(), temp.path()];
      await writeFile(input, await sealBytes(pattern(size), { keys }));
      const touching = () => ({
        onProgress: () => utimesSync(input, new Date(), new Date(Date.now() + Math.random() * 1e6)),
      });
      await openToFile(input, output, { keys, ...touching() });
      expect(Buffer.compare(await readFile(output), pattern(size))).toBe(0);
      expect(await verify(input, { keys, ...touching() })).toMatchObject({ size });
      expect((await collect(openToStream(input, { keys, ...touching() }))).length).toBe(size);
      await reseal(input, { keys, ...touching() });
      expect(await verify(input, { keys })).toMatchObject({ size });
    }
  });

  it('that the caller opened and closed again is IO_ERROR, whenever it is looked at', async () => {
    const input = temp.path();
    await writeFile(input, sealed);
    const source = await FileSource.open(input);
    await source.handle.close();
    for (const attempt of [
      () => FileSource.of(input, source.handle),
      () => source.checkSize(),
      () => verify(source, { keys }),
      () => sealToFile(source, temp.path(), { keys }),
    ]) {
      expect(await refusal(attempt)).toMatchObject({ code: 'IO_ERROR', cause: { code: 'EBADF' } });
    }
  });

  it('leaves its name, without a directory, and the time in the sealed metadata, and is itself not changed', async () => {
    const input = temp.path('weights.bin');
    const output = temp.path();
    await writeFile(input, PLAINTEXT);
    await sealToFile(input, output, { keys });
    const opened = await verify(output, { keys });
    expect(opened.name).toMatch(/weights\.bin$/);
    expect(opened.name).not.toContain('/');
    expect(Date.parse(opened.created!)).toBeGreaterThan(Date.now() - 60_000);
    expect(await readFile(input)).toEqual(Buffer.from(PLAINTEXT));
  });

  it('whose digest is not the sealed one is DIGEST_MISMATCH, when asked, and nothing is left', async () => {
    const directory = await temp.directory();
    await writeFile(
      `${directory}/in`,
      forge({ ...smallParts(100), metadata: { digest: `sha256:${'0'.repeat(64)}` } }).bytes,
    );
    const options = { keys: [dataKeyOf()] };
    await expect(verify(`${directory}/in`, options)).rejects.toEqual(code('DIGEST_MISMATCH'));
    await expect(
      openToFile(`${directory}/in`, `${directory}/out`, { ...options, digest: true }),
    ).rejects.toEqual(code('DIGEST_MISMATCH'));
    expect(await everythingIn(directory)).toEqual(['in']);
    expect(await verify(`${directory}/in`, { ...options, digest: false })).toMatchObject({
      digestVerified: false,
    });
  });
});

describe.skipIf(!existsSync('/proc/version'))('a file that says it has 0 bytes, and gives more', () => {
  const PSEUDO = '/proc/version';

  it('is sealed to its end, by its name', async () => {
    const output = temp.path();
    const content = await readFile(PSEUDO);
    expect(await sealToFile(PSEUDO, output, { keys })).toMatchObject({ size: content.length });
    const opened = temp.path();
    expect(await openToFile(output, opened, { keys })).toMatchObject({ name: 'version' });
    expect(await readFile(opened)).toEqual(content);
    const stream = await collect(sealToStream(PSEUDO, { keys }));
    expect(await collect(openToStream(streamOf(stream, 999), { keys }))).toEqual(Uint8Array.from(content));
  });

  it.skipIf(!existsSync('/proc/kallsyms'))('of more than one read is sealed to its end', async () => {
    const output = temp.path();
    const { size } = await sealToFile('/proc/kallsyms', output, { keys });
    expect(size).toBeGreaterThan(1_000_000);
  });

  it('is refused where it would have to be read anywhere, and the sentence says what to do', async () => {
    for (const attempt of [
      () => inspect(PSEUDO),
      () => openReader(PSEUDO, { keys }),
      () => FileSource.open(PSEUDO),
      () => reseal(PSEUDO, { keys }),
    ]) {
      const error = await refusal(attempt);
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain('Copy it');
    }
    // Nobody may write to it, whatever it says.
    expect((await refusal(() => rewrap(PSEUDO, { keys }))).class).toMatch(/io|usage/);
  });

  it('as an empty file is empty', async () => {
    const [input, output] = [temp.path(), temp.path()];
    await writeFile(input, '');
    expect(await sealToFile(input, output, { keys })).toMatchObject({ size: 0 });
    expect((await refusal(() => inspect(input))).code).toBe('NOT_SEALED');
  });
});

describe('a file that gives more, or less, than it says', () => {
  const told = async (path: string, size: number) => {
    const handle = await open(path);
    const stat = handle.stat.bind(handle);
    handle.stat = (async (options: { bigint: true }) =>
      Object.assign(await stat(options), { size: BigInt(size) })) as unknown as typeof handle.stat;
    return await FileSource.of(path, handle);
  };

  it.each([PLAINTEXT.length - 1, 5])(
    'sealing one that gives more than %d bytes does not cut it',
    async (size) => {
      const input = temp.path();
      await writeFile(input, PLAINTEXT);
      await using source = await told(input, size);
      const error = await refusal(() => sealToFile(source, temp.path(), { keys }));
      expect(error.code).toBe('INPUT_CHANGED');
      expect(error.message).toContain('gives more');
    },
  );

  it.each([4096, 6_000_000])('sealing one that says %d bytes and gives 5 tells both', async (size) => {
    const input = temp.path();
    await writeFile(input, 'five\n');
    await using source = await told(input, size);
    const error = await refusal(() => sealToFile(source, temp.path(), { keys }));
    expect(error.code).toBe('INPUT_CHANGED');
    expect(error.message).toContain('as a stream');
  });
});

describe('what people give in place of a path or of bytes', () => {
  it.each(['https://user:secret@example.com/m.sealed?sig=secret', 's3://bucket/secret'])(
    'a URL as a text is told, and not repeated: %s',
    async (url) => {
      const error = await refusal(() => verify(url, { keys: [new MemoryKey('a')] }));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toMatch(/nothing is fetched here.*`locationFromUri` of @weightseal\/stores/);
      expect(error.message).not.toContain('secret');
    },
  );

  it('a byte source may answer with an ArrayBuffer', async () => {
    const keys = [new MemoryKey('a')];
    const bytes = await sealBytes(pattern(100_000), { keys });
    const read = async (offset: number, length: number) =>
      bytes.slice(offset, offset + length).buffer as unknown as Uint8Array;
    expect(await verify({ size: bytes.length, read }, { keys })).toMatchObject({ size: 100_000 });
  });
});
