import { appendFile, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copySealed, type ErrorCode, type StoreLocation } from '@weightseal/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { refusedWith, unavailable } from '../store/support/faults.js';
import { MemoryStore, type Request } from '../store/support/memory-store.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal, sealBytes } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(attempt)).code;

const MIB = 1_048_576;
const temp = await temporary();
const keys = [new MemoryKey('a')];
const sealed = await sealBytes(pattern(5 * MIB + 1), { keys, context: { model: 'm' } });
const other = await sealBytes(pattern(5 * MIB + 1), { keys, context: { model: 'm' } });
const PARTS = Math.ceil(sealed.length / MIB);

let state: string;
beforeEach(async () => {
  state = await temp.directory();
  process.env['XDG_STATE_HOME'] = state;
});

const records = () => readdir(join(state, 'weightseal/uploads'));

function placed(options: ConstructorParameters<typeof MemoryStore>[0] = {}) {
  const store = new MemoryStore({ resumes: true, ...options });
  const tuning = {
    requestBytes: 300_000,
    partBytes: MIB,
    requestTimeoutMs: 1000,
    attempts: 1,
    concurrency: 1,
  };
  return { store, at: { store, key: 'm', tuning } satisfies StoreLocation };
}

async function file(bytes = sealed): Promise<string> {
  const path = temp.path('m.sealed');
  await writeFile(path, bytes);
  return path;
}

/** Is cut off at its part of this number. */
async function cutOff(store: MemoryStore, work: (signal: AbortSignal) => Promise<unknown>, part = 3) {
  const stop = new AbortController();
  let parts = 0;
  store.fault = ({ method }) => {
    if (method !== 'part' && method !== 'copy') return undefined;
    if (parts++ < part) return undefined;
    stop.abort();
    return { hang: true };
  };
  expect(await codeOf(() => work(stop.signal))).toBe('ABORTED');
  store.fault = () => undefined;
  store.requests.splice(0);
}

const sent = ({ requests }: MemoryStore, method: Request['method'] = 'part') =>
  requests.filter((one) => one.method === method).map(({ offset }) => offset! / MIB);

describe('what goes to a store and was cut off goes on', () => {
  it('with the parts that are missing, from a disk', async () => {
    const [path, { store, at }] = [await file(), placed()];
    await cutOff(store, (signal) => copySealed(path, at, { signal }));
    expect([store.uploads.size, store.get('m'), await records()]).toEqual([
      1,
      undefined,
      [expect.stringMatching(/^[0-9a-f]{32}$/)],
    ]);
    const seen: number[] = [];
    const copied = await copySealed(path, at, { onProgress: ({ bytes }) => void seen.push(bytes) });
    expect(copied).toMatchObject({ copied: 1, present: 0 });
    expect(sent(store)).toEqual([3, 4, 5]);
    expect(seen.at(-1)).toBe(sealed.length);
    expect(Buffer.compare(store.get('m')!, sealed)).toBe(0);
    expect([store.uploads.size, await records()]).toEqual([0, []]);
  });

  it('from another store, of which no more is read than is missing', async () => {
    const from = placed({ uri: 'memory://from' });
    from.store.set('m', sealed);
    const { store, at } = placed();
    await cutOff(store, (signal) => copySealed(from.at, at, { signal }));
    from.store.requests.splice(0);
    await copySealed(from.at, at);
    const read = from.store.requests.filter(({ method }) => method === 'read');
    expect(read.filter(({ offset }) => offset! > 0).every(({ offset }) => offset! >= 3 * MIB)).toBe(true);
    expect(sent(store)).toEqual([3, 4, 5]);
    expect(Buffer.compare(store.get('m')!, sealed)).toBe(0);
  });

  it('where the store copies it by itself, and where it does not know how', async () => {
    for (const knows of [true, false]) {
      const { store, at } = placed({ rules: { most: MIB } });
      store.set('from', sealed);
      const from = { ...at, key: 'from' };
      const unknown = () => ({ throws: refusedWith('STORE_UNSUPPORTED') });
      await cutOff(store, (signal) => {
        const fault = store.fault;
        store.fault = (request) => (request.method === 'copy' && !knows ? unknown() : fault(request));
        return copySealed(from, at, { signal });
      });
      if (!knows) store.fault = ({ method }) => (method === 'copy' ? unknown() : undefined);
      await copySealed(from, at);
      expect(sent(store, knows ? 'copy' : 'part')).toEqual([3, 4, 5]);
      expect(sent(store, knows ? 'part' : 'copy')).toEqual([]);
      expect(Buffer.compare(store.get('m')!, sealed)).toBe(0);
      expect(store.uploads.size).toBe(0);
    }
  });

  it('with no part at all, where only its end was missing', async () => {
    const [path, { store, at }] = [await file(), placed()];
    store.fault = ({ method }) => (method === 'complete' ? unavailable : undefined);
    expect(await codeOf(() => copySealed(path, at))).toBe('STORE_UNAVAILABLE');
    store.fault = () => undefined;
    store.requests.splice(0);
    await copySealed(path, at);
    expect(sent(store)).toEqual([]);
    expect(Buffer.compare(store.get('m')!, sealed)).toBe(0);
  });

  it('after what may pass, and not after what does not', async () => {
    const cases: [ErrorCode, number][] = [
      ['STORE_UNAVAILABLE', 1],
      ['STORE_THROTTLED', 1],
      ['STORE_DENIED', 1],
      ['STORE_RESPONSE_INVALID', 0],
      ['INPUT_NOT_FOUND', 0],
    ];
    for (const [code, left] of cases) {
      const [path, { store, at }] = [await file(), placed()];
      store.fault = ({ method, count }) =>
        method === 'part' && count === 2 ? { throws: refusedWith(code) } : undefined;
      expect(await codeOf(() => copySealed(path, at))).toBe(code);
      expect([store.uploads.size, (await records()).length]).toEqual([left, left]);
      store.fault = () => undefined;
      await copySealed(path, at);
      expect(Buffer.compare(store.get('m')!, sealed)).toBe(0);
      expect([store.uploads.size, await records()]).toEqual([0, []]);
    }
  });
});

describe('it begins anew, and nothing of the old one stays', () => {
  const anew = async (
    change: (path: string, store: MemoryStore) => Promise<unknown>,
    expected = sealed,
    left = 0,
  ) => {
    const [path, { store, at }] = [await file(), placed()];
    await cutOff(store, (signal) => copySealed(path, at, { signal }));
    await change(path, store);
    await copySealed(path, at, { overwrite: true });
    expect(sent(store)).toEqual([...Array(PARTS).keys()]);
    expect(Buffer.compare(store.get('m')!, expected)).toBe(0);
    expect([store.uploads.size, await records()]).toEqual([left, []]);
  };

  it('when the file is another', () => anew((path) => writeFile(path, other), other));

  it('when the file may be another', () => anew((path) => utimes(path, 1, 1)));

  it('when another object lies there by now', () => anew(async (_, store) => store.set('m', other)));

  it('when the store has forgotten it', () => anew(async (_, store) => store.uploads.clear()));

  it('when nobody may look at it; then a sweep finds it', () =>
    anew(
      async (_, store) => {
        store.fault = ({ method }) =>
          method === 'resume' ? { throws: refusedWith('STORE_DENIED') } : undefined;
      },
      sealed,
      1,
    ));

  it('when the record is no record', () =>
    anew(
      async () => {
        const [name] = await records();
        const path = join(state, 'weightseal/uploads', name!);
        await writeFile(path, (await readFile(path)).subarray(0, 40));
      },
      sealed,
      1,
    ));
});

it('an upload stays when the store cannot be asked', async () => {
  const [path, { store, at }] = [await file(), placed()];
  await cutOff(store, (signal) => copySealed(path, at, { signal }));
  store.fault = ({ method }) => (method === 'resume' ? unavailable : undefined);
  expect(await codeOf(() => copySealed(path, at))).toBe('STORE_UNAVAILABLE');
  store.fault = () => undefined;
  await copySealed(path, at);
  expect(sent(store)).toEqual([3, 4, 5]);
});

it.each([false, true])(
  'nothing stays when another object comes just then; overwrite: %s',
  async (overwrite) => {
    const [path, { store, at }] = [await file(), placed()];
    if (overwrite) store.set('m', other.subarray(1));
    await cutOff(store, (signal) => copySealed(path, at, { signal, overwrite }));
    store.fault = ({ method, count }) => {
      if (method === 'stat' && count === 1) store.set('m', other);
      return undefined;
    };
    const code = overwrite ? 'INPUT_CHANGED' : 'OUTPUT_EXISTS';
    expect(await codeOf(() => copySealed(path, at, { overwrite }))).toBe(code);
    expect([store.uploads.size, await records()]).toEqual([0, []]);
  },
);

it('what was begun of something else is given up later, when the store cannot be asked', async () => {
  const { store, at } = placed();
  await cutOff(store, async (signal) => copySealed(await file(), at, { signal }));
  const path = await file(other);
  store.fault = ({ method }) => (method === 'resume' || method === 'upload' ? unavailable : undefined);
  expect(await codeOf(() => copySealed(path, at))).toBe('STORE_UNAVAILABLE');
  store.fault = () => undefined;
  await copySealed(path, at);
  expect(Buffer.compare(store.get('m')!, other)).toBe(0);
  expect([store.uploads.size, await records()]).toEqual([0, []]);
});

it('a store may take its time to say what it has', async () => {
  const [path, { store, at: place }] = [await file(), placed()];
  const at = { ...place, tuning: { ...place.tuning, requestTimeoutMs: 100 } };
  await cutOff(store, (signal) => copySealed(path, at, { signal }));
  const after = setTimeout(500);
  store.fault = ({ method }) => (method === 'resume' ? { after } : undefined);
  await copySealed(path, at);
  expect(sent(store)).toEqual([3, 4, 5]);
});

it('and is asked once what that is', async () => {
  const [path, { store, at }] = [await file(), placed()];
  const begin = store.upload.bind(store);
  let asked = 0;
  store.upload = async (...of) =>
    Object.defineProperty(await begin(...of), 'taken', { get: () => void asked++ });
  await copySealed(path, at);
  expect(asked).toBe(1);
});

it('nobody goes on with what another is at', async () => {
  const [path, { store, at: place }] = [await file(), placed()];
  const at = { ...place, tuning: { ...place.tuning, requestTimeoutMs: 60_000, concurrency: 4 } };
  const { promise, resolve } = Promise.withResolvers<void>();
  store.fault = ({ method, count }) => (method === 'part' && count === 2 ? { after: promise } : undefined);
  const first = copySealed(path, at);
  await expect.poll(() => store.count('part')).toBeGreaterThanOrEqual(3);
  const second = await copySealed(path, at);
  resolve();
  expect([second, await first]).toMatchObject([{ copied: 1 }, { copied: 0, present: 1 }]);
  expect(store.count('resume')).toBe(0);
  expect([store.uploads.size, await records()]).toEqual([0, []]);
});

it('a ticket can be read by nobody else, and is in no message', async () => {
  const [path, { store, at }] = [await file(), placed()];
  await cutOff(store, (signal) => copySealed(path, at, { signal }));
  const [name] = await records();
  const record = join(state, 'weightseal/uploads', name!);
  expect(await readFile(record, 'utf8')).toContain([...store.uploads][0]!.ticket);
  if (process.platform !== 'win32') expect((await stat(record)).mode & 0o777).toBe(0o600);
  await appendFile(record, 'the rest of a longer one');
  await copySealed(path, at);
  expect(sent(store)).toEqual([3, 4, 5]);
});

it('what was begun a month ago is forgotten', async () => {
  const [path, { store, at }] = [await file(), placed()];
  await cutOff(store, (signal) => copySealed(path, at, { signal }));
  const [name] = await records();
  const long = Date.now() / 1000 - 31 * 86_400;
  await utimes(join(state, 'weightseal/uploads', name!), long, long);
  await copySealed(await file(other), { ...at, key: 'n' });
  expect(await records()).toEqual([]);
});

it('without a place for records nothing is left', async () => {
  process.env['XDG_STATE_HOME'] = temp.path('file');
  await writeFile(process.env['XDG_STATE_HOME'], '');
  const [path, { store, at }] = [await file(), placed()];
  await cutOff(store, (signal) => copySealed(path, at, { signal }));
  expect(store.uploads.size).toBe(0);
});

it('nor where the record cannot be written', async () => {
  const [path, { store, at }] = [await file(), placed()];
  const handle = await open(path);
  const write = vi.spyOn(Object.getPrototypeOf(handle), 'write').mockRejectedValue(new Error('ENOSPC'));
  await handle.close();
  try {
    await cutOff(store, (signal) => copySealed(path, at, { signal }));
    expect(write).toHaveBeenCalled();
  } finally {
    write.mockRestore();
  }
  expect([store.uploads.size, await records()]).toEqual([0, []]);
});

it('cut off however often, at whatever request, it comes to its end with what it was', async () => {
  const [path] = [await file()];
  const rules = fc.record({
    least: fc.constantFrom(1, 500_000),
    most: fc.constantFrom(MIB, 2 ** 40),
    anyOrder: fc.boolean(),
  });
  const cuts = fc.array(fc.record({ at: fc.nat({ max: 12 }), done: fc.boolean() }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(rules, cuts, async (given, moments) => {
      const { store, at } = placed({ rules: given });
      for (const { at: moment, done } of moments) {
        let count = 0;
        store.fault = () => {
          if (count++ < moment) return undefined;
          return done ? { lost: refusedWith('STORE_UNAVAILABLE') } : unavailable;
        };
        await copySealed(path, at).catch(() => {});
      }
      store.fault = () => undefined;
      await copySealed(path, at);
      expect(Buffer.compare(store.get('m')!, sealed)).toBe(0);
      expect(await records()).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
