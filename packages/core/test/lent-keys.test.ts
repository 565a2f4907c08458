import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import {
  bufferSource,
  type KeyWrapper,
  openReader,
  rewrap,
  sealToFile,
  shareUnwraps,
  verify,
  type WrappedKey,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { failureOf, pattern, refusal } from './support/sealed.js';
import { everythingIn, temporary } from './support/temporary.js';

const temp = await temporary();
const PLAINTEXT = pattern(3000);
const seal = (path: string, ...keys: KeyWrapper[]) =>
  sealToFile(bufferSource(PLAINTEXT), path, { keys, context: { model: 'x' } });

/** What a provider may do, by mistake or not, to the data key that it is lent, and when. */
const spoiling: Record<string, (name: string) => KeyWrapper> = {
  'zeroes it before it wraps': (name) => {
    const key = new MemoryKey(name);
    return keyWith(name, { wrap: (dataKey, context) => key.wrap(dataKey.fill(0), context) });
  },
  'changes a byte of it before it wraps': (name) => {
    const key = new MemoryKey(name);
    return keyWith(name, {
      wrap: (dataKey, context) => {
        dataKey[31]! ^= 1;
        return key.wrap(dataKey, context);
      },
    });
  },
  'wraps a key of its own': (name) => {
    const key = new MemoryKey(name);
    return keyWith(name, { wrap: (_dataKey, context) => key.wrap(new Uint8Array(32), context) });
  },
};

describe('a provider that', () => {
  it.each(Object.entries(spoiling))('%s: sealing fails, and leaves nothing', async (_what, make) => {
    const directory = await temp.directory();
    const error = await refusal(() => seal(`${directory}/out`, new MemoryKey('good'), make('bad')));
    expect(error.code).toBe('WRAP_NOT_VERIFIED');
    expect(await everythingIn(directory)).toEqual([]);
  });

  it.each(Object.entries(spoiling))(
    '%s: rewrapping fails, and the file is as it was',
    async (_what, make) => {
      const path = temp.path();
      const good = new MemoryKey('good');
      await seal(path, good);
      const before = await readFile(path);
      for (const add of [[make('bad')], [new MemoryKey('more'), make('bad')]]) {
        expect((await refusal(() => rewrap(path, { keys: [good], add }))).code).toBe('WRAP_NOT_VERIFIED');
      }
      expect(await readFile(path)).toEqual(before);
      expect(await verify(path, { keys: [good] })).toMatchObject({ size: PLAINTEXT.length });
    },
  );

  it('spoils all that it was given when it is done: the file opens', async () => {
    const path = temp.path();
    const kept: Uint8Array[] = [];
    const key = new MemoryKey('a');
    const messy = keyWith('a', {
      wrap: async (dataKey, context) => {
        const wrapped = await key.wrap(dataKey, context);
        dataKey.fill(7);
        setImmediate(() => wrapped.ciphertext.fill(0));
        return wrapped;
      },
      unwrap: async (wrapped, context) => {
        const dataKey = await key.unwrap(wrapped, context);
        wrapped.ciphertext.fill(0);
        Object.assign(wrapped, { keyVersion: 'another' });
        expect(Object.isFrozen(context)).toBe(true);
        kept.push(dataKey);
        setImmediate(() => dataKey.fill(9));
        return dataKey;
      },
    });
    await seal(path, messy);
    await rewrap(path, { keys: [messy], add: [new MemoryKey('b')] });
    for (const keys of [[key], [messy], [new MemoryKey('b')]]) await verify(path, { keys });
    // What it gave was taken over, and zeroed where it lay.
    expect(kept).toHaveLength(3);
  });

  it('gives bytes of another realm is understood', async () => {
    const path = temp.path();
    const Foreign = runInNewContext('Uint8Array') as Uint8ArrayConstructor;
    const key = new MemoryKey('a');
    const foreign = keyWith('a', {
      unwrap: async (...call) => Foreign.from(await key.unwrap(...call)),
    });
    await seal(path, foreign);
    const bytes = await readFile(path);
    const read = async (offset: number, length: number) =>
      Foreign.from(bytes.subarray(offset, offset + length));
    await using reader = await openReader({ size: bytes.length, read }, { keys: [foreign] });
    expect(Buffer.compare(await reader.read(0, reader.size), PLAINTEXT)).toBe(0);
  });
});

describe('what a provider is lent', () => {
  it('is zeroed when the call ends, and what it gave as well', async () => {
    const path = temp.path();
    const key = new MemoryKey('a');
    const [lent, given]: Uint8Array[][] = [[], []];
    const watched = keyWith('a', {
      wrap: (dataKey, context) => {
        lent!.push(dataKey);
        return key.wrap(dataKey, context);
      },
      unwrap: async (...call) => {
        const dataKey = await key.unwrap(...call);
        given!.push(dataKey);
        return dataKey;
      },
    });
    await seal(path, watched);
    await verify(path, { keys: [watched] });
    const bytes = [...lent!, ...given!];
    expect(bytes).toHaveLength(3);
    for (const one of bytes) expect(one.every((byte) => byte === 0)).toBe(true);
  });

  it('is a copy through shared unwraps, too, also for whoever calls those directly', async () => {
    const key = new MemoryKey('a');
    const greedy = keyWith('a', {
      wrap: async (dataKey, context) => {
        const wrapped = await key.wrap(dataKey, context);
        dataKey.fill(0);
        return wrapped;
      },
      unwrap: async (wrapped, context) => {
        const dataKey = await key.unwrap(wrapped, context);
        wrapped.ciphertext.fill(0);
        return dataKey;
      },
    });
    using shared = shareUnwraps([greedy]);
    const [one] = shared.keys;
    const dataKey = pattern(32);
    const wrapped: WrappedKey = await one!.wrap(dataKey, {});
    expect(dataKey).toEqual(pattern(32));
    expect(await one!.unwrap(wrapped, {})).toEqual(dataKey);
    expect(wrapped.ciphertext.some((byte) => byte !== 0)).toBe(true);
    expect(await failureOf(() => one!.wrap(dataKey.subarray(1), {}))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
