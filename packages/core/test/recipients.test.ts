import { existsSync } from 'node:fs';
import { inspect as show } from 'node:util';
import {
  bufferSource,
  type Context,
  openReader,
  openToStream,
  sealToFile,
  sealToStream,
  verify,
  WeightsealError,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { hangUntilAbort, keyWith, MemoryKey } from './support/memory-key.js';
import { code, collect, failureOf, pattern, refusal, sealBytes } from './support/sealed.js';
import { everythingIn, temporary } from './support/temporary.js';

const temp = await temporary();
const PLAINTEXT = pattern(300);
const CONTEXT = { model: 'm', version: '1' };
const seal = (...keys: MemoryKey[]) => sealBytes(PLAINTEXT, { keys, context: CONTEXT, segmentLength: 64 });
const open = async (bytes: Uint8Array, keys: readonly MemoryKey[], options = {}) =>
  Buffer.compare(await collect(openToStream(bufferSource(bytes), { keys, ...options })), PLAINTEXT) === 0;

const unavailable = () => new WeightsealError('KEY_UNAVAILABLE', 'The key is out of reach.');

describe('opening', () => {
  it('any one of several recipients opens', async () => {
    const keys = ['a', 'b', 'c'].map((name) => new MemoryKey(name));
    const bytes = await seal(...keys);
    for (const key of keys) expect(await open(bytes, [key])).toBe(true);
  });

  it('asks a key once, however much is read', async () => {
    const bytes = await seal(new MemoryKey('a'));
    const key = new MemoryKey('a');
    await using reader = await openReader(bufferSource(bytes), { keys: [key] });
    for (let at = 0; at < 300; at += 50) await reader.read(at, 50);
    expect(key.calls).toBe(1);
  });

  it('asks a key once when it is one of many recipients, and starts with its own slot', async () => {
    const names = Array.from({ length: 32 }, (_, i) => `k${i}`);
    const bytes = await seal(...names.map((name) => new MemoryKey(name)));
    const key = new MemoryKey('k31');
    expect(await open(bytes, [key])).toBe(true);
    expect(key.unwraps).toBe(1);
  });

  it('never asks a key of a provider that no slot names', async () => {
    const bytes = await seal(new MemoryKey('a'));
    const foreign = new MemoryKey('a', 'foreign');
    const error = await refusal(() => open(bytes, [foreign]));
    expect(error.code).toBe('NO_MATCHING_KEY');
    expect(foreign.calls).toBe(0);
    expect(await open(bytes, [foreign, new MemoryKey('a')])).toBe(true);
    expect(foreign.calls).toBe(0);
  });

  it('asks nobody when no key is named', async () => {
    const bytes = await seal(new MemoryKey('a'));
    expect((await refusal(() => open(bytes, []))).code).toBe('NO_MATCHING_KEY');
  });

  const others: Context[] = [
    { model: 'other' },
    { ...CONTEXT, more: '1' },
    { toString: 'x' } as never,
    { version: '1 ' },
  ];
  it.each(others)('asks nobody when the context is not the expected one: %o', async (context) => {
    const bytes = await seal(new MemoryKey('a'));
    const key = new MemoryKey('a');
    const error = await refusal(() => open(bytes, [key], { context }));
    expect(error.code).toBe('CONTEXT_MISMATCH');
    expect(key.calls).toBe(0);
  });

  it('compares only the pairs that the caller expects', async () => {
    const bytes = await seal(new MemoryKey('a'));
    for (const context of [{}, { model: 'm' }, CONTEXT, undefined]) {
      expect(await open(bytes, [new MemoryKey('a')], { context })).toBe(true);
    }
  });
});

describe('a key that fails', () => {
  const failing: Record<string, () => MemoryKey> = {
    'is unavailable': () => keyWith('a', { unwrap: () => Promise.reject(unavailable()) }),
    'throws an error of its own': () => keyWith('a', { unwrap: () => Promise.reject(new TypeError('oops')) }),
    'throws at once': () =>
      keyWith('a', {
        unwrap: () => {
          throw new RangeError('oops');
        },
      }),
    'throws something that is no error': () => keyWith('a', { unwrap: () => Promise.reject('oops') }),
    'throws nothing at all': () => keyWith('a', { unwrap: () => Promise.reject(undefined) }),
    'gives 31 bytes': () => keyWith('a', { unwrap: async () => new Uint8Array(31) }),
    'gives no bytes': () => keyWith('a', { unwrap: async () => new Uint8Array() }),
    'gives nothing': () => keyWith('a', { unwrap: async () => undefined as never }),
    'gives another key': () => keyWith('a', { unwrap: async () => pattern(32) }),
    'gives 32 letters': () => keyWith('a', { unwrap: async () => 'x'.repeat(32) as never }),
  };

  it.each(Object.entries(failing))('%s: the next one is tried', async (_name, make) => {
    const bytes = await seal(new MemoryKey('a'), new MemoryKey('b'));
    const second = new MemoryKey('b');
    expect(await open(bytes, [make(), second])).toBe(true);
    expect(second.unwraps).toBe(1);
  });

  it.each(Object.entries(failing))('%s: alone, an error of ours', async (_name, make) => {
    const bytes = await seal(new MemoryKey('a'));
    const error = await refusal(() => open(bytes, [make()]));
    expect(['KEY_UNAVAILABLE', 'KEY_RESPONSE_INVALID', 'ENVELOPE_TAMPERED']).toContain(error.code);
  });

  it('all of them: UNWRAP_FAILED, with what each one said', async () => {
    const bytes = await seal(new MemoryKey('a'));
    const keys = ['is unavailable', 'throws an error of its own', 'gives 31 bytes'];
    const error = await refusal(() =>
      open(
        bytes,
        keys.map((name) => failing[name]!()),
      ),
    );
    expect(error.code).toBe('UNWRAP_FAILED');
    expect(error.failures.map((failure) => failure.code)).toEqual([
      'KEY_UNAVAILABLE',
      'KEY_RESPONSE_INVALID',
      'KEY_RESPONSE_INVALID',
    ]);
  });

  it('and one of them gave a key that does not verify the envelope: ENVELOPE_TAMPERED, with what each one said', async () => {
    const bytes = await seal(new MemoryKey('a'));
    const keys = ['is unavailable', 'gives another key'];
    const error = await refusal(() =>
      open(
        bytes,
        keys.map((name) => failing[name]!()),
      ),
    );
    expect(error.code).toBe('ENVELOPE_TAMPERED');
    expect(error.failures.map((failure) => failure.code)).toEqual(['KEY_UNAVAILABLE', 'ENVELOPE_TAMPERED']);
  });

  it('all of them with one code: that code, with what each one said', async () => {
    const bytes = await seal(new MemoryKey('a'));
    const error = await refusal(() =>
      open(bytes, [failing['is unavailable']!(), failing['is unavailable']!()]),
    );
    expect(error.code).toBe('KEY_UNAVAILABLE');
    expect(error.failures).toHaveLength(2);
  });

  it('hangs: it ends when the caller aborts, and the next one is not asked', async () => {
    const bytes = await seal(new MemoryKey('a'), new MemoryKey('b'));
    const second = new MemoryKey('b');
    const hanging = keyWith('a', {
      unwrap: (_wrapped, _context, options) => hangUntilAbort(options?.signal),
    });
    const error = await refusal(() => open(bytes, [hanging, second], { signal: AbortSignal.timeout(20) }));
    expect(error.code).toBe('ABORTED');
    expect(second.calls).toBe(0);
  });
});

describe('sealing', () => {
  const unverified: Record<string, Parameters<typeof keyWith>[1]> = {
    'does not unwrap': { unwrap: () => Promise.reject(unavailable()) },
    'unwraps to another key': { unwrap: async () => pattern(32) },
    'unwraps to fewer bytes': { unwrap: async () => pattern(31) },
  };

  it.each(Object.entries(unverified))(
    'a key that %s is WRAP_NOT_VERIFIED, and nothing is written',
    async (_name, overrides) => {
      const directory = await temp.directory();
      const keys = [new MemoryKey('a'), keyWith('b', overrides)];
      const sealing = sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys });
      await expect(sealing).rejects.toEqual(code('WRAP_NOT_VERIFIED'));
      expect(await everythingIn(directory)).toEqual([]);
      await expect(collect(sealToStream(bufferSource(PLAINTEXT), { keys }))).rejects.toEqual(
        code('WRAP_NOT_VERIFIED'),
      );
    },
  );

  it('needs a key, each of them once, and at most 32 of them', async () => {
    const output = temp.path();
    const sealFor = (...keys: MemoryKey[]) => sealToFile(bufferSource(PLAINTEXT), output, { keys });
    await expect(sealFor()).rejects.toEqual(code('RECIPIENT_REQUIRED'));
    await expect(sealFor(new MemoryKey('a'), new MemoryKey('a'))).rejects.toEqual(code('INVALID_ARGUMENT'));
    const many = Array.from({ length: 33 }, (_, i) => new MemoryKey(`k${i}`));
    await expect(sealFor(...many)).rejects.toEqual(code('INVALID_ARGUMENT'));
    expect(existsSync(output)).toBe(false);
  });

  it('refuses 33 recipients before it asks any of them, and before it reads the input', async () => {
    const many = Array.from({ length: 33 }, (_, i) => new MemoryKey(`k${i}`));
    let reads = 0;
    const source = {
      size: 300,
      read: async () => {
        reads++;
        return PLAINTEXT;
      },
    };
    await failureOf(() => sealToFile(source, temp.path(), { keys: many }));
    expect(reads).toBe(0);
    expect(many.reduce((sum, key) => sum + key.calls, 0)).toBe(0);
  });

  it.each([
    ['an error without a code', () => Promise.reject(new TypeError('oops'))],
    [
      'a wrap without a version',
      async () => ({ keyUri: 'memory:a', algorithm: '', ciphertext: new Uint8Array(1) }),
    ],
    ['nothing', async () => undefined],
    [
      'a key URI that is too long',
      async () => ({
        keyUri: 'x'.repeat(3000),
        keyVersion: '',
        algorithm: '',
        ciphertext: new Uint8Array(1),
      }),
    ],
  ])('gives an error of ours when a wrap gives %s', async (_name, wrap) => {
    const output = temp.path();
    const key = keyWith('a', { wrap: wrap as never });
    const error = await refusal(() => sealToFile(bufferSource(PLAINTEXT), output, { keys: [key] }));
    expect(['KEY_RESPONSE_INVALID', 'WRAP_NOT_VERIFIED', 'ENVELOPE_INVALID']).toContain(error.code);
    expect(existsSync(output)).toBe(false);
  });

  it('ends when the caller aborts while a wrap hangs', async () => {
    const directory = await temp.directory();
    for (const wrap of [
      (_key: unknown, _context: unknown, options?: { signal?: AbortSignal | undefined }) =>
        hangUntilAbort(options?.signal),
      // As fetch() does: it rejects with the signal's reason.
      (_key: unknown, _context: unknown, options?: { signal?: AbortSignal | undefined }) =>
        new Promise<never>((_resolve, reject) =>
          options!.signal!.addEventListener('abort', () => reject(options!.signal!.reason)),
        ),
    ]) {
      const keys = [new MemoryKey('b'), keyWith('a', { wrap })];
      const signal = AbortSignal.timeout(20);
      const error = await refusal(() =>
        sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys, signal }),
      );
      expect(error.code).toBe('ABORTED');
      expect(await everythingIn(directory)).toEqual([]);
    }
  });

  it('does not wait for a key that goes on when another one has failed, and takes its copy of the data key back', async () => {
    let lent: Uint8Array | undefined;
    const deaf = keyWith('deaf', {
      wrap: (dataKey) => {
        lent = dataKey;
        return new Promise(() => {});
      },
    });
    const failing = keyWith('a', { wrap: () => Promise.reject(unavailable()) });
    const error = await refusal(() =>
      sealToFile(bufferSource(PLAINTEXT), temp.path(), { keys: [deaf, failing] }),
    );
    expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE' });
    expect(error.message).toMatch(/No answer yet from memory:deaf\.$/);
    expect(lent?.every((byte) => byte === 0)).toBe(true);
  });
});

describe('sealing for several keys of which some fail', () => {
  const sealFor = (...keys: MemoryKey[]) =>
    refusal(() => sealToFile(bufferSource(PLAINTEXT), temp.path(), { keys }));
  const denied = () => new WeightsealError('KEY_DENIED', 'Not for you.');

  it('tells all of them with what each one said, also those that only wrap, and asks none more than a seal does', async () => {
    const keys = [
      keyWith('a', { wrap: () => Promise.reject(unavailable()) }),
      new MemoryKey('b'),
      keyWith('c', { unwrap: () => Promise.reject(denied()) }),
      keyWith('d', { wrap: async () => Promise.reject(denied()) }),
    ];
    const error = await sealFor(...keys);
    expect(error.code).toBe('WRAP_FAILED');
    expect(error.message).toMatch(/^3 of 4 recipients failed, so nothing was written\. memory:a: /);
    expect(error.failures.map(({ code: one, message }) => [one, message.split(':', 2).join(':')])).toEqual([
      ['KEY_UNAVAILABLE', 'memory:a'],
      ['WRAP_NOT_VERIFIED', 'memory:c'],
      ['KEY_DENIED', 'memory:d'],
    ]);
    expect(error.failures.every(({ cause }) => cause instanceof WeightsealError)).toBe(true);
    expect(keys.map(({ wraps, unwraps }) => [wraps, unwraps])).toEqual([
      [1, 0],
      [1, 1],
      [1, 1],
      [1, 0],
    ]);
  });

  it('tells them by the names that they have here', async () => {
    const named = (name: string) => {
      const key = keyWith(name, { wrap: () => Promise.reject(denied()) });
      return Object.assign(key, { name: `the ${name} key` });
    };
    expect((await sealFor(named('a'), new MemoryKey('b'))).message).toBe(
      'the a key (memory:a): Not for you.',
    );
    const both = await sealFor(named('a'), named('b'));
    expect(both.code).toBe('KEY_DENIED');
    expect(both.failures.map(({ message }) => message)).toEqual([
      'the a key (memory:a): Not for you.',
      'the b key (memory:b): Not for you.',
    ]);
  });

  it('gives the one failure as it is where the key has no name', async () => {
    const only = denied();
    expect(await sealFor(keyWith('a', { wrap: () => Promise.reject(only) }), new MemoryKey('b'))).toBe(only);
  });
});

describe('errors never hold a key', () => {
  it('whatever goes wrong', async () => {
    const key = new MemoryKey('a');
    const bytes = await seal(key);
    const [dataKey] = key.seen;
    const damaged = Array.from({ length: 60 }, (_, i) => {
      const copy = bytes.slice();
      copy[((i * bytes.length) / 60) | 0]! ^= 1;
      return copy;
    });
    const cut = Array.from({ length: 20 }, (_, i) => bytes.slice(0, bytes.length - i * 31));
    const short = keyWith('a', { unwrap: async () => dataKey!.slice(0, 31) });
    const errors = await Promise.all([
      ...[...damaged, ...cut].map((it) =>
        failureOf(() => verify(bufferSource(it), { keys: [new MemoryKey('a')] })),
      ),
      failureOf(() => open(bytes, [short])),
      failureOf(() => open(bytes, [new MemoryKey('b'), new MemoryKey('c')])),
    ]);
    expect(errors.filter(Boolean).length).toBeGreaterThan(10);
    for (const error of errors) expectNoSecret(error, dataKey!);
  });
});

/** Looks in the error, its causes and everything on it for the bytes in any usual spelling. */
function expectNoSecret(error: unknown, secret: Uint8Array): void {
  const told = show(error, { depth: 10, showHidden: true, maxArrayLength: null, maxStringLength: null });
  const buffer = Buffer.from(secret.slice(0, 12));
  const spellings = [
    buffer.toString('hex'),
    buffer.toString('base64').slice(0, 15),
    buffer.toString('base64url').slice(0, 15),
    [...buffer].join(', '),
    [...buffer].join(','),
    buffer.toString('hex').replace(/..(?=.)/g, '$& '),
  ];
  for (const spelling of spellings) expect(told.includes(spelling)).toBe(false);
}
