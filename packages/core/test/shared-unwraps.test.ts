import { getEventListeners } from 'node:events';
import {
  bufferSource,
  canDescribe,
  openReader,
  openToStream,
  rewrap,
  sealToFile,
  shareUnwraps,
  verify,
  WeightsealError,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { HeldKey, settled } from './support/held-key.js';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { collect, refusal } from './support/sealed.js';
import {
  CONTEXT,
  DATA_KEY,
  open,
  PLAINTEXT,
  sealFor,
  shareOne,
  unwrapOf,
  wrapped,
} from './support/shared-key.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();

describe('a scope', () => {
  it('is refused with an option that it does not know', () => {
    for (const options of [{ maxAgeMS: 1000 }, { maxage: 1 }, { maxKey: 1 }, { signal: 1 }, [], null, 5])
      expect(() => shareUnwraps([new MemoryKey('a')], options as object)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    expect(() => shareUnwraps([], { maxAgeMS: 1000 } as object)).toThrow(/did you mean maxAgeMs\?$/);
  });

  it('has keys with the names of those that were given', () => {
    const named = Object.assign(new MemoryKey('a'), { name: 'models' });
    using shared = shareUnwraps([named, new MemoryKey('b')]);
    expect(shared.keys.map(({ name }) => name)).toEqual(['models', undefined]);
    expect('name' in shared.keys[1]!).toBe(false);
  });
});

describe('openings that share', () => {
  it('1000 at once are one call', async () => {
    const key = new MemoryKey('a');
    const bytes = await sealFor(new MemoryKey('a'));
    using shared = shareUnwraps([key]);
    const opened = await Promise.all(Array.from({ length: 1000 }, () => open(bytes, shared.keys)));
    expect(opened.every(Boolean)).toBe(true);
    expect(key.calls).toBe(1);
  });

  it('one after another are one call, in whatever way they open', async () => {
    const key = new MemoryKey('a');
    const bytes = await sealFor(new MemoryKey('a'));
    await using shared = shareUnwraps([key]);
    const { keys } = shared;
    await open(bytes, keys);
    await collect(openToStream(bufferSource(bytes), { keys, context: CONTEXT }));
    await verify(bufferSource(bytes.slice()), { keys });
    expect(key.calls).toBe(1);
  });

  it('of different files are one call for each file', async () => {
    const key = new MemoryKey('a');
    const files = await Promise.all([1, 2, 3].map(() => sealFor(new MemoryKey('a'))));
    using shared = shareUnwraps([key]);
    for (const bytes of [...files, ...files]) expect(await open(bytes, shared.keys)).toBe(true);
    expect(key.calls).toBe(3);
  });

  it('and race: one call to each key that had to be asked', async () => {
    const [slow, fast] = [new HeldKey('a', { deaf: true }), new MemoryKey('b')];
    const bytes = await sealFor(new MemoryKey('a'), new MemoryKey('b'));
    using shared = shareUnwraps([slow, fast]);
    const opened = await Promise.all(
      Array.from({ length: 100 }, () => open(bytes, shared.keys, { hedgeMs: 5 })),
    );
    expect(opened.every(Boolean)).toBe(true);
    expect([slow.held.length, fast.unwraps]).toEqual([1, 1]);
    expect(slow.held[0]!.signal.aborted).toBe(true);
  });

  it('stay open when the scope has ended', async () => {
    const bytes = await sealFor(new MemoryKey('a'));
    const shared = shareUnwraps([new MemoryKey('a')]);
    await using reader = await openReader(bufferSource(bytes), { keys: shared.keys });
    shared[Symbol.dispose]();
    expect(Buffer.compare(await reader.read(0, reader.size), PLAINTEXT)).toBe(0);
  });

  it('can rewrap: a fresh wrap is unwrapped by the key itself, and not from memory', async () => {
    const path = temp.path();
    await sealToFile(bufferSource(PLAINTEXT), path, { keys: [new MemoryKey('a')] });
    const key = new MemoryKey('a');
    using shared = shareUnwraps([key]);
    await verify(path, { keys: shared.keys });
    await rewrap(path, { keys: shared.keys });
    expect([key.wraps, key.unwraps]).toEqual([1, 2]);
  });
});

describe('the shared keys', () => {
  it('have provider and URI of those that were given, in their order, and nothing but wrap and unwrap', () => {
    const given = [new MemoryKey('a'), Object.assign(new MemoryKey('b', 'other'), { describe: () => {} })];
    using shared = shareUnwraps(given);
    expect(shared.keys.map(({ uri }) => uri)).toEqual(['memory:a', 'other:b']);
    expect(shared.keys.map(({ provider }) => provider)).toEqual(['memory', 'other']);
    expect(shared.keys.some(canDescribe)).toBe(false);
  });

  it('do not answer for one another, though they have the same URI: they may be of different identities', async () => {
    const [one, two] = [new MemoryKey('a'), new MemoryKey('a')];
    const slot = await one.wrap(DATA_KEY, CONTEXT);
    using shared = shareUnwraps([one, two]);
    for (const key of shared.keys) expect(await key.unwrap(slot, CONTEXT)).toEqual(DATA_KEY);
    expect([one.unwraps, two.unwraps]).toEqual([1, 1]);
  });

  it('ask again when anything of the unwrap differs', async () => {
    const { key, shared, unwrap } = shareOne();
    const differing = [
      { keyUri: 'memory:b' },
      { keyVersion: '' },
      { algorithm: '' },
      { ciphertext: new Uint8Array(3) },
    ];
    for (const changes of [{}, ...differing, {}, ...differing]) await unwrap(changes);
    await shared.keys[0]!.unwrap(wrapped(), { model: 'm', more: '' });
    expect(key.unwraps).toBe(6);
  });

  it('refuse a context that cannot be, and ask nobody', async () => {
    const { key, shared } = shareOne();
    const error = await refusal(() => shared.keys[0]!.unwrap(wrapped(), { '': '' }));
    expect(error.code).toBe('CONTEXT_INVALID');
    expect(key.calls).toBe(0);
  });

  it('give each caller bytes of its own', async () => {
    const { unwrap } = shareOne();
    const together = await Promise.all([unwrap(), unwrap(), unwrap()]);
    together[0]!.fill(0);
    for (const bytes of [together[1], together[2], await unwrap()]) expect(bytes).toEqual(DATA_KEY);
  });

  it('do not remember a failure, and share it among those who waited', async () => {
    const key = new HeldKey('a');
    using shared = shareUnwraps([key]);
    const slot = await key.wrap(DATA_KEY, CONTEXT);
    const unwrap = () => shared.keys[0]!.unwrap(slot, CONTEXT);
    const both = Promise.allSettled([unwrap(), unwrap()]);
    await settled();
    key.held[0]!.fail(new WeightsealError('KEY_UNAVAILABLE', 'Not now.'));
    for (const outcome of await both) expect(outcome).toMatchObject({ reason: { code: 'KEY_UNAVAILABLE' } });
    const again = unwrap();
    await key.held[1]!.answer();
    expect(await again).toEqual(DATA_KEY);
    expect(key.held).toHaveLength(2);
  });

  it.each([new Uint8Array(31), new Uint8Array(), undefined, 'x'.repeat(32)])(
    'do not remember what is no data key: %j',
    async (answer) => {
      const key = keyWith('a', { unwrap: async () => answer as never });
      using shared = shareUnwraps([key]);
      for (let i = 0; i < 2; i++) expect((await refusal(unwrapOf(shared))).code).toBe('KEY_RESPONSE_INVALID');
      expect(key.unwraps).toBe(2);
    },
  );

  it('pass on a call that throws at once as a failure', async () => {
    const key = keyWith('a', {
      unwrap: () => {
        throw new TypeError('oops');
      },
    });
    using shared = shareUnwraps([key]);
    const error = await refusal(unwrapOf(shared));
    expect(error).toMatchObject({ code: 'KEY_RESPONSE_INVALID', cause: { message: 'oops' } });
  });
});

describe('an abort', () => {
  async function two() {
    const key = new HeldKey('a');
    const shared = shareUnwraps([key]);
    const slot = await key.wrap(DATA_KEY, CONTEXT);
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => shared.keys[0]!.unwrap(slot, CONTEXT, { signal }));
    for (const wait of waits) wait.catch(() => {});
    await settled();
    return { key, shared, slot, controllers, waits };
  }

  it('of one caller ends its wait alone, also when it was the first', async () => {
    const { key, controllers, waits } = await two();
    controllers[0]!.abort(new Error('mine'));
    await expect(waits[0]).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'mine' } });
    expect(key.held[0]!.signal.aborted).toBe(false);
    await key.held[0]!.answer();
    expect(await waits[1]).toEqual(DATA_KEY);
    expect(key.held).toHaveLength(1);
  });

  it('of all of them ends the call, and whoever comes later makes a new one', async () => {
    const { key, shared, slot, controllers, waits } = await two();
    for (const controller of controllers) controller.abort();
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'ABORTED' });
    expect(key.held[0]!.signal.aborted).toBe(true);
    const later = shared.keys[0]!.unwrap(slot, CONTEXT);
    await settled();
    await key.held[1]!.answer();
    expect(await later).toEqual(DATA_KEY);
  });

  it('before the call asks nobody, also where the answer is remembered', async () => {
    const { key, unwrap } = shareOne();
    await expect(unwrap({}, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    expect(key.calls).toBe(0);
    await unwrap();
    await expect(unwrap({}, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('leaves no listener, whoever waited and however it ended', async () => {
    const { key, controllers, waits } = await two();
    await key.held[0]!.answer();
    await Promise.all(waits);
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('the end of the scope', () => {
  it('is the end of its keys', async () => {
    const { key, shared, unwrap } = shareOne();
    await unwrap();
    shared[Symbol.dispose]();
    for (const call of [() => unwrap(), () => shared.keys[0]!.wrap(DATA_KEY, CONTEXT)]) {
      const error = await refusal(call);
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain('has ended');
    }
    expect([key.unwraps, key.wraps]).toEqual([1, 0]);
    shared[Symbol.dispose]();
  });

  it('ends the calls under way and the waits for them, and does not wait for a call that goes on', async () => {
    for (const deaf of [false, true]) {
      const key = new HeldKey('a', { deaf });
      const slot = await key.wrap(DATA_KEY, CONTEXT);
      const shared = shareUnwraps([key]);
      const wait = refusal(() => shared.keys[0]!.unwrap(slot, CONTEXT));
      await settled();
      shared[Symbol.dispose]();
      expect((await wait).code).toBe('INVALID_ARGUMENT');
      expect(key.held[0]!.signal.aborted).toBe(true);
    }
  });
});
