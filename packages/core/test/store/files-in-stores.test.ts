import { readFile, writeFile } from 'node:fs/promises';
import {
  inspect,
  ObjectSource,
  openReader,
  openToFile,
  openToStream,
  type StoreLocation,
  type StoreTuning,
  sealToFile,
  sealToStream,
  verify,
} from '@weightseal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { settled } from '../support/held-key.js';
import { MemoryKey } from '../support/memory-key.js';
import { code, collect, pattern, refusal, sealBytes } from '../support/sealed.js';
import { everythingIn, temporary } from '../support/temporary.js';
import { type Fault, throttled } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const segmentLength = 65_536;
const plaintext = pattern(3_000_001);
const context = { model: 'm' };
const sealed = await sealBytes(plaintext, { keys, segmentLength, context, name: 'm.onnx' });
const tuning: StoreTuning = { requestBytes: 200_000, requestTimeoutMs: 50 };

const stores: MemoryStore[] = [];
afterEach(async () => {
  await settled();
  for (const store of stores.splice(0)) expect(store.underWay, 'requests left under way').toBe(0);
});

function storeWith(bytes: Uint8Array, key = 'models/m.sealed'): { store: MemoryStore; at: StoreLocation } {
  const store = new MemoryStore();
  store.set(key, bytes);
  stores.push(store);
  return { store, at: { store, key, tuning } };
}

const WAYS: Record<string, (at: StoreLocation) => Promise<Uint8Array | undefined>> = {
  openToFile: async (at) => {
    const path = temp.path();
    await openToFile(at, path, { keys, digest: true });
    return Uint8Array.from(await readFile(path));
  },
  openToStream: (at) => collect(openToStream(at, { keys })),
  verify: async (at) => {
    expect(await verify(at, { keys, strict: true })).toMatchObject({ size: plaintext.length, context });
    return undefined;
  },
  'openReader, all at once': async (at) => {
    await using reader = await openReader(at, { keys });
    expect(reader).toMatchObject({ name: 'm.onnx', context });
    return await reader.read(0, reader.size);
  },
  'openReader, as a stream': async (at) => {
    await using reader = await openReader(at, { keys });
    return await collect(reader.stream());
  },
  'a source of the caller’s': async (at) => {
    await using source = await ObjectSource.open(at);
    return await collect(openToStream(source, { keys }));
  },
};

describe.each(Object.entries(WAYS))('a sealed file in a store, by %s', (_, open) => {
  it('is what was sealed', async () => {
    const { at } = storeWith(sealed);
    const opened = await open(at);
    if (opened) expect(Buffer.compare(opened, plaintext)).toBe(0);
  });

  it('is what was sealed although requests fail on their way', async () => {
    const { store, at } = storeWith(sealed);
    const faults: Fault[] = [throttled, { resetAfter: 70_000 }, { short: 3 }, { stallAfter: 100 }];
    store.fault = ({ count }) => (count % 2 === 0 ? faults[(count / 2) % faults.length] : undefined);
    const opened = await open(at);
    if (opened) expect(Buffer.compare(opened, plaintext)).toBe(0);
  });

  it('that is not as it was sealed is refused, by its URI', async () => {
    const damaged = sealed.slice();
    damaged[2_000_000]! ^= 1;
    const error = await refusal(() => open(storeWith(damaged).at));
    expect(error).toMatchObject({
      code: 'SEGMENT_TAMPERED',
      message: expect.stringMatching(/^memory:\/\/bucket\/models\/m\.sealed: /),
    });
  });

  it('that is replaced meanwhile is neither of the two', async () => {
    const { store, at } = storeWith(sealed);
    store.fault = ({ offset }) => {
      if (offset! > 1_000_000) store.set('models/m.sealed', sealed);
      return undefined;
    };
    expect(await refusal(() => open(at))).toEqual(code('INPUT_CHANGED'));
  });

  it('of which the store denies a part is not opened, and no other request goes on', async () => {
    const { store, at } = storeWith(sealed);
    store.fault = ({ offset }) => (offset! > 1_000_000 ? { resetAfter: 1 } : undefined);
    const error = await refusal(() => open({ ...at, tuning: { ...tuning, deadlineMs: 40 } }));
    expect(error).toEqual(code('STORE_TIMEOUT'));
  });
});

describe('a file in a store', () => {
  it('shows what it is to anyone, with two requests', async () => {
    const { store, at } = storeWith(sealed);
    expect(await inspect(at)).toMatchObject({ size: plaintext.length, context, sealedSize: sealed.length });
    expect(store.count()).toBe(2);
    const error = await refusal(() => inspect(storeWith(pattern(100_000)).at));
    expect(error).toMatchObject({
      code: 'NOT_SEALED',
      message: expect.stringContaining('memory://bucket/models/m.sealed: '),
    });
  });

  it('of few bytes is opened with one request', async () => {
    const small = await sealBytes(pattern(20_000), { keys });
    const { store, at } = storeWith(small);
    expect(await collect(openToStream(at, { keys }))).toEqual(pattern(20_000));
    expect(store.count()).toBe(1);
  });

  it('is asked for as much at once as an operation says, by as many requests', async () => {
    const { store, at } = storeWith(sealed);
    await verify(at, { keys, concurrency: 2, requestBytes: 70_000 });
    const longest = Math.max(...store.requests.map(({ length }) => length!));
    expect(longest).toBe(segmentLength);
    expect(store.most).toBe(2);
  });

  it('is not opened once its caller has had enough, and leaves nothing', async () => {
    const { store, at } = storeWith(sealed);
    const caller = new AbortController();
    store.fault = ({ offset }) => {
      if (offset! > 1_000_000) caller.abort();
      return { hang: offset! > 500_000 };
    };
    const directory = await temp.directory();
    const opening = openToFile({ ...at, tuning: { ...tuning, requestTimeoutMs: 60_000 } }, `${directory}/m`, {
      keys,
      signal: caller.signal,
      concurrency: 64,
    });
    expect(await refusal(() => opening)).toEqual(code('ABORTED'));
    expect(await everythingIn(directory)).toEqual([]);
  });
});

describe('plaintext in a store', () => {
  it('is sealed into a file, which keeps its name', async () => {
    const path = temp.path();
    const { at } = storeWith(plaintext, 'models/plain.gguf');
    const { digest, size } = await sealToFile(at, path, { keys, segmentLength });
    expect(size).toBe(plaintext.length);
    const opened = await verify(path, { keys });
    expect(opened).toMatchObject({ digestVerified: true, digest, name: 'plain.gguf' });
    expect(Buffer.compare(await collect(openToStream(path, { keys })), plaintext)).toBe(0);
  });

  it('is sealed into a stream', async () => {
    const { at } = storeWith(plaintext);
    const path = temp.path();
    await writeFile(path, await collect(sealToStream(at, { keys })));
    expect(Buffer.compare(await collect(openToStream(path, { keys })), plaintext)).toBe(0);
  });

  it('that is sealed already is told by its URI', async () => {
    const { at } = storeWith(sealed);
    expect(await refusal(() => sealToFile(at, temp.path(), { keys }))).toMatchObject({
      code: 'ALREADY_SEALED',
      message: expect.stringContaining('memory://bucket/models/m.sealed'),
    });
  });

  it('that is replaced meanwhile is not sealed', async () => {
    const { store, at } = storeWith(plaintext);
    store.fault = ({ offset }) => {
      if (offset! > 1_000_000) store.set('models/m.sealed', pattern(3_000_001, 2));
      return undefined;
    };
    const directory = await temp.directory();
    expect(await refusal(() => sealToFile(at, `${directory}/m`, { keys }))).toEqual(code('INPUT_CHANGED'));
    expect(await everythingIn(directory)).toEqual([]);
  });
});

describe('a URL in place of a path', () => {
  it.each(['s3', 'gs', 'az', 'https'])('of %s: leads to those who make a place of it', async (scheme) => {
    for (const given of [`${scheme}://a/b/c`, new URL(`${scheme}://a/b/c`)]) {
      const error = await refusal(() => verify(given, { keys }));
      expect(error).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('`locationFromUri` of @weightseal/stores'),
      });
    }
  });
});

describe('memory', () => {
  it('is bounded by bytes: of long segments fewer are under way, unless somebody says how many', async () => {
    const longest = { keys, segmentLength: 8_388_608 };
    const { store, at } = storeWith(await sealBytes(new Uint8Array(120_000_000), longest));
    const place = { store, key: at.key };
    await verify(place, { keys, digest: false });
    expect(store.most).toBe(8);
    await verify(place, { keys, digest: false, concurrency: 12 });
    expect(store.most).toBe(12);
  });
});
