import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import * as core from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, collect, failureOf, pattern, refusal } from './support/sealed.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

// Callers in JavaScript, whom no compiler has told.
const temp = await temporary();
const key = new MemoryKey('a');
const keys = [key];
const directory = await temp.directory();
const [plain, sealed, other] = ['plain', 'sealed', 'other'].map((name) => `${directory}/${name}`) as [
  string,
  string,
  string,
];
await core.sealToFile(core.bufferSource(pattern(5000)), sealed, { keys, manifest: false });
await core.openToFile(sealed, plain, { keys });

type Call = (...given: never[]) => unknown;
const call =
  // biome-ignore lint/suspicious/noExplicitAny: what a caller in JavaScript gives may be anything.
    (go: (...given: any[]) => unknown): Call =>
    (...given) =>
      go(...given);

/** Every function that takes options with keys, by what comes before them. */
// biome-ignore lint/suspicious/noExplicitAny: likewise.
const withKeys: Record<string, (options?: any) => unknown> = {
  sealToFile: (options) => core.sealToFile(plain, other, options),
  sealToStream: (options) => collect(core.sealToStream(plain, options)),
  openToFile: (options) => core.openToFile(sealed, other, options),
  openToStream: (options) => collect(core.openToStream(sealed, options)),
  verify: (options) => core.verify(sealed, options),
  openReader: (options) => core.openReader(sealed, options),
  rewrap: (options) => core.rewrap(sealed, options),
  reseal: (options) => core.reseal(sealed, options),
};

const wrongKeys: Record<string, unknown> = {
  'no options': undefined,
  null: null,
  'a number': 5,
  'a string': 'local:a',
  'an array': keys,
  'no keys': {},
  'keys that are undefined': { keys: undefined },
  'keys that are null': { keys: null },
  'one key': { keys: key },
  'a URI': { keys: 'local:a' },
  URIs: { keys: ['local:a'] },
  'a hole': { keys: [undefined] },
  'a promise of keys': { keys: Promise.resolve(keys) },
  'another name': { key },
  'a signal that is none': { keys, signal: {} },
  'a controller instead of its signal': { keys, signal: new AbortController() },
  'a progress that is no function': { keys, onProgress: true },
};

describe('wrong options are told in a sentence, before anything is done', () => {
  for (const [name, go] of Object.entries(withKeys)) {
    it.each(Object.entries(wrongKeys))(`${name}: %s`, async (_what, options) => {
      const before = key.calls;
      const error = await refusal(async () => go(options));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toMatch(/(needs its options|The option `\w+`|did you mean keys).*[.?]$/);
      expect(key.calls).toBe(before);
      expect(await everythingIn(directory)).toEqual(['plain', 'sealed']);
    });
  }

  it.each<[string, string, unknown]>([
    ['sealToFile', 'overwrite', 'false'],
    ['sealToFile', 'digest', 1],
    ['sealToFile', 'name', 5],
    ['openToFile', 'overwrite', 'no'],
    ['openToFile', 'strict', 0],
    ['openToFile', 'hedgeMs', 'soon'],
    ['verify', 'digest', 'yes'],
    ['openReader', 'whole', 'x'],
    ['openReader', 'onSize', 5],
    ['rewrap', 'grow', 'yes'],
    ['rewrap', 'add', key],
    ['rewrap', 'add', ['local:a']],
    ['rewrap', 'remove', 'local:a'],
    ['rewrap', 'remove', [key]],
    ['rewrap', 'onWait', 5],
    ['openToFile', 'contxt', { model: 'x' }],
    ['openToFile', 'Context', { model: 'x' }],
    ['openReader', 'contexts', { model: 'x' }],
    ['verify', 'cnotext', { model: 'x' }],
    ['verify', 'conttxt', { model: 'x' }],
    ['sealToFile', 'overwrit', true],
    ['sealToStream', 'segmentlength', 1000],
    ['openReader', 'onsize', () => {}],
    ['reseal', 'add', [{}]],
    ['reseal', 'remove', key],
  ])('%s: `%s` that is %s', async (name, option, value) => {
    expect(await refusal(async () => withKeys[name]!({ keys, [option]: value }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(option),
    });
    expect(await everythingIn(directory)).toEqual(['plain', 'sealed']);
  });
});

it('no option is proposed that the function does not have', async () => {
  for (const name of ['names', 'strit', 'overwrit', 'formerUri']) {
    const error = await refusal(async () => core.inspect(sealed, { [name]: 1 } as object));
    expect(error.message).toBe(`inspect has no option "${name}"; known are signal.`);
  }
  const error = await refusal(async () => core.inspect(sealed, { signl: 1 } as object));
  expect(error.message).toBe('inspect has no option "signl"; did you mean signal?');
});

it('options of another function may be there, so that they can be shared', async () => {
  const options = { keys, digest: true, overwrite: true, name: 'x', grow: false, [Symbol('c')]: 2 };
  await expect(core.verify(sealed, options)).resolves.toMatchObject({ size: 5000 });
});

describe('an option that no function has is refused, since it would be left out in silence', () => {
  it.each([
    ['expectedContext', 'context', () => core.verify(sealed, { keys, expectedContext: { a: 'b' } } as never)],
    ['expect', 'context', () => core.openReader(sealed, { keys, expect: { a: 'b' } } as never)],
    ['to', 'add', () => core.rewrap(sealed, { keys, to: keys } as never)],
    ['recipients', 'keys', () => core.sealToFile(sealed, `${sealed}2`, { keys, recipients: keys } as never)],
    ['checkDigest', 'digest', () => core.verify(sealed, { keys, checkDigest: true } as never)],
    ['force', 'overwrite', () => core.openToFile(sealed, sealed, { keys, force: true } as never)],
  ])('%s, where %s is meant', async (name, meant, call) => {
    const error = await refusal(call);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(`has no option "${name}"; did you mean ${meant}?`);
  });
});

describe('what is no input, and no output', () => {
  const inputs: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    'a number': 5,
    bytes: new Uint8Array(5),
    'an object': {},
    'a promise of a path': Promise.resolve(sealed),
    'a source without a size': { read: async () => new Uint8Array() },
    'a URL of the web': new URL('https://name:secret@example.com/model.sealed?signature=secret'),
    'a file of another machine': new URL('file://elsewhere/model.sealed'),
    'a file with a slash in its name': new URL('file:///a%2Fb'),
    'a file whose name is not UTF-8': new URL('file:///a%FF'),
  };
  const reading: Record<string, Call> = {
    sealToFile: call((input) => core.sealToFile(input, other, { keys })),
    sealToStream: call((input) => collect(core.sealToStream(input, { keys }))),
    openToFile: call((input) => core.openToFile(input, other, { keys })),
    openToStream: call((input) => collect(core.openToStream(input, { keys }))),
    verify: call((input) => core.verify(input, { keys })),
    openReader: call((input) => core.openReader(input, { keys })),
    inspect: call((input) => core.inspect(input)),
    rewrap: call((input) => core.rewrap(input, { keys })),
    reseal: call((input) => core.reseal(input, { keys })),
    'FileSource.open': call((input) => core.FileSource.open(input)),
  };
  for (const [name, go] of Object.entries(reading)) {
    it.each(Object.entries(inputs))(`${name} of %s`, async (_what, input) => {
      const error = await refusal(async () => go(input as never));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(error.message).toMatch(/\.$/);
      expect(error.message).not.toContain('secret');
    });
  }

  it.each([undefined, null, 5, {}, '', new URL('https://example.com/')])(
    'an output that is %s',
    async (output) => {
      for (const go of [
        () => core.sealToFile(plain, output as string, { keys }),
        () => core.openToFile(sealed, output as string, { keys }),
      ])
        expect(await failureOf(go)).toEqual(code('INVALID_ARGUMENT'));
    },
  );

  it.each<[string, () => unknown]>([
    ['bufferSource of nothing', () => core.bufferSource(undefined as never)],
    ['bufferSource of a text', () => core.bufferSource('text' as never)],
    ['shareUnwraps of nothing', () => core.shareUnwraps(undefined as never)],
    ['shareUnwraps of one key', () => core.shareUnwraps(key as never)],
    ['shareUnwraps without options', () => core.shareUnwraps(keys, null as never)],
    ['inspect with a signal that is none', () => core.inspect(sealed, { signal: 5 as never })],
    ['inspect with null', () => core.inspect(sealed, null as never)],
  ])('%s', async (_name, go) => {
    expect(await failureOf(async () => go())).toEqual(code('INVALID_ARGUMENT'));
  });

  it('a reader says so of its own arguments', async () => {
    const reader = await core.openReader(sealed, { keys });
    for (const go of [
      () => reader.read(undefined as never, 5),
      () => reader.read('0' as never, 5),
      () => reader.read(0, undefined as never),
      () => reader.read(0, 5, null as never),
      () => reader.read(0, 5, { signal: 'x' as never }),
      () => reader.stream(null as never),
      () => reader.stream({ start: '0' as never }),
      () => reader.stream({ signal: {} as never }),
      () => reader.writeTo(undefined as never),
      () => reader.writeTo(5 as never),
    ])
      expect(await failureOf(async () => go())).toEqual(code('INVALID_ARGUMENT'));
    await reader.close();
  });
});

describe('a file: URL is as good as a path', () => {
  const url = (path: string) => pathToFileURL(path);

  it('in every function, for inputs and outputs, also with blanks and signs in it', async () => {
    const place = await temp.directory();
    const named = `${place}/a b#ü%?.sealed`;
    await core.sealToFile(url(plain), url(named), { keys });
    expect(await everythingIn(place)).toEqual(withManifest('a b#ü%?.sealed'));
    expect(await core.inspect(url(named))).toMatchObject({ size: 5000 });
    expect(await core.verify(url(named), { keys })).toMatchObject({ size: 5000, name: 'plain' });
    await core.rewrap(url(named), { keys });
    await core.reseal(url(named), { keys });
    await core.openToFile(url(named), url(`${place}/out`), { keys });
    expect(await collect(core.openToStream(url(named), { keys }))).toEqual(pattern(5000));
    expect((await collect(core.sealToStream(url(plain), { keys }))).length).toBeGreaterThan(5000);
    const reader = await core.openReader(url(named), { keys });
    expect(await reader.read(5, 5)).toEqual(pattern(5000).slice(5, 10));
    await reader.close();
    const file = await core.FileSource.open(url(`${place}/out`));
    expect([file.path, file.size]).toEqual([`${place}/out`, 5000]);
    await file.close();
  });

  it('of another realm, too; and so is a signal', async () => {
    const foreign = Object.create(
      { [Symbol.toStringTag]: 'URL' },
      { href: { value: url(sealed).href }, protocol: { value: 'file:' } },
    );
    expect(await core.inspect(foreign)).toMatchObject({ size: 5000 });
    const target = vm.runInNewContext(
      '({ aborted: false, addEventListener() {}, removeEventListener() {} })',
    );
    const place = await temp.directory();
    await core.sealToFile(plain, `${place}/out`, { keys, signal: target });
    expect(await collect(core.openToStream(`${place}/out`, { keys, signal: target }))).toEqual(pattern(5000));
  });
});
