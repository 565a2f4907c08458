import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { bufferSource, sealToFile, verify } from '@weightseal/core';
import { createPassphraseKey, passphraseKeyFromUri, type ScryptParameters } from '@weightseal/kms-local';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporary } from './temporary.js';

const path = await temporary();
const CONTEXT = { model: 'm' };
const dataKey = Buffer.alloc(32, 9);
const scrypt = { N: 2 ** 14, r: 8, p: 1 };
const secret = () => Buffer.from('correct horse');
const code = (expected: string) => expect.objectContaining({ code: expected });

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('scrypt parameters', () => {
  it.each([
    { N: 2 ** 13, r: 8, p: 1 },
    { N: 2 ** 21, r: 1, p: 1 },
    { N: 2 ** 14 + 1, r: 8, p: 1 },
    { N: 2 ** 14, r: 0, p: 1 },
    { N: 2 ** 14, r: 17, p: 1 },
    { N: 2 ** 14, r: 8, p: 0 },
    { N: 2 ** 14, r: 8, p: 5 },
    { N: 2 ** 14, r: 1.5, p: 1 },
    { N: 2 ** 20, r: 9, p: 1 },
    { N: 2 ** 20, r: 8, p: 2 },
    { N: 2 ** 19, r: 6, p: 3 },
    { N: Number.NaN, r: 8, p: 1 },
  ])('beyond the limits are refused: %o', (bad: ScryptParameters) => {
    expect(() => createPassphraseKey({ passphrase: secret(), scrypt: bad })).toThrow(
      code('INVALID_ARGUMENT'),
    );
  });

  it.each([
    [13, 8, 1],
    [21, 1, 1],
    [20, 9, 1],
    [20, 8, 2],
    [19, 6, 3],
    [18, 9, 4],
    [20, 16, 4],
    [0, 8, 1],
    [255, 8, 1],
    [14, 0, 1],
    [14, 255, 1],
    [14, 8, 0],
    [14, 8, 255],
  ])(
    'beyond the limits in a wrap are refused before anything is derived or asked: %i %i %i',
    async (...head) => {
      let asked = 0;
      const passphrase = async () => {
        asked++;
        return secret();
      };
      const wrapped = await createPassphraseKey({ passphrase: secret(), scrypt }).wrap(dataKey, CONTEXT);
      const ciphertext = Uint8Array.from(wrapped.ciphertext);
      ciphertext.set(head, 1);
      const refusal = createPassphraseKey({ passphrase }).unwrap({ ...wrapped, ciphertext }, CONTEXT);
      await expect(refusal).rejects.toEqual(code('UNWRAP_REJECTED'));
      await expect(refusal).rejects.toThrow('scrypt');
      expect(asked).toBe(0);
    },
  );

  it('are those of the wrap, whatever the key would use for new ones', async () => {
    const wrapped = await createPassphraseKey({
      passphrase: secret(),
      scrypt: { N: 2 ** 15, r: 4, p: 2 },
    }).wrap(dataKey, CONTEXT);
    expect([...wrapped.ciphertext.subarray(0, 4)]).toEqual([1, 15, 4, 2]);
    expect(wrapped).toMatchObject({ keyUri: 'passphrase:', keyVersion: '', algorithm: 'scrypt-AES-256-GCM' });
    const key = createPassphraseKey({ passphrase: secret(), scrypt });
    expect(await key.unwrap(wrapped, CONTEXT)).toEqual(Uint8Array.from(dataKey));
  });

  it('by default cost 128 MiB, and a short deadline ends the wait', async () => {
    const key = createPassphraseKey({ passphrase: secret(), deadlineMs: 1 });
    await expect(key.wrap(dataKey, CONTEXT)).rejects.toEqual(code('KEY_TIMEOUT'));
  });
});

it('a file whose many slots take longer than the deadline costs one derivation, and not one for each', async () => {
  const passphrases = Array.from({ length: 8 }, (_, i) =>
    createPassphraseKey({ passphrase: secret(), scrypt, uri: `passphrase:/${i}` }),
  );
  const sealed = path();
  await sealToFile(bufferSource(secret()), sealed, { keys: passphrases });
  let asked = 0;
  const passphrase = async () => {
    asked++;
    return secret();
  };
  const hurried = createPassphraseKey({ passphrase, deadlineMs: 1 });
  await expect(verify(sealed, { keys: [hurried] })).rejects.toEqual(code('KEY_TIMEOUT'));
  expect(asked).toBe(1);
});

describe('the passphrase', () => {
  it('that a source gives is wiped after use, also after a failure; the caller’s own bytes are not', async () => {
    const given: Buffer[] = [];
    const passphrase = async () => {
      given.push(secret());
      return given.at(-1)!;
    };
    const key = createPassphraseKey({ passphrase, scrypt });
    const wrapped = await key.wrap(dataKey, CONTEXT);
    await expect(key.unwrap(wrapped, {})).rejects.toEqual(code('UNWRAP_REJECTED'));
    expect(given.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true]);
    const own = secret();
    await createPassphraseKey({ passphrase: own, scrypt }).unwrap(wrapped, CONTEXT);
    expect(own).toEqual(secret());
  });

  it('that comes after the abort is wiped, and the source hears of it', async () => {
    const controller = new AbortController();
    const late = secret();
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    let heard: AbortSignal | undefined;
    const passphrase = (signal: AbortSignal) => {
      heard = signal;
      return promise;
    };
    const call = createPassphraseKey({ passphrase, scrypt }).wrap(dataKey, CONTEXT, {
      signal: controller.signal,
    });
    controller.abort();
    await expect(call).rejects.toEqual(code('ABORTED'));
    expect(heard?.aborted).toBe(true);
    resolve(late);
    await setImmediate();
    expect(late.every((byte) => byte === 0)).toBe(true);
  });

  it('must be there, and be bytes', async () => {
    const failing: readonly [unknown, string][] = [
      [new Uint8Array(), 'PASSPHRASE_REQUIRED'],
      [async () => new Uint8Array(), 'PASSPHRASE_REQUIRED'],
      [() => Promise.reject(new Error('no terminal')), 'PASSPHRASE_REQUIRED'],
      [async () => 'correct horse', 'INVALID_ARGUMENT'],
    ];
    for (const [passphrase, expected] of failing) {
      const key = createPassphraseKey({ passphrase: passphrase as Uint8Array, scrypt });
      await expect(key.wrap(dataKey, CONTEXT)).rejects.toEqual(code(expected));
    }
  });
});

describe('passphrase: URIs', () => {
  const wrapWith = (uri: string, prompt?: () => Promise<Uint8Array>) =>
    passphraseKeyFromUri(uri, { scrypt, prompt, allowWeakPassphrase: true }).wrap(dataKey, CONTEXT);
  const opens = async (wrapped: Awaited<ReturnType<typeof wrapWith>>, passphrase: string) =>
    createPassphraseKey({ passphrase: Buffer.from(passphrase), scrypt }).unwrap(wrapped, CONTEXT);

  it('ask the environment at each call, then the prompt, then fail', async () => {
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', undefined);
    const key = passphraseKeyFromUri('passphrase:', { scrypt, allowWeakPassphrase: true });
    await expect(key.wrap(dataKey, CONTEXT)).rejects.toEqual(code('PASSPHRASE_REQUIRED'));
    await opens(await wrapWith('passphrase:', async () => Buffer.from('asked')), 'asked');
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', '');
    await expect(key.wrap(dataKey, CONTEXT)).rejects.toThrow('a value (it is set, and empty)');
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', 'grün');
    await opens(await key.wrap(dataKey, CONTEXT), 'grün');
    await opens(await wrapWith('passphrase:', async () => Buffer.from('asked')), 'grün');
  });

  it.each([
    ['horse', 'horse'],
    ['horse\n', 'horse'],
    ['horse\r\n', 'horse'],
    ['horse\r', 'horse'],
    ['horse\n\n', 'horse\n'],
    ['horse\r\n\r\n', 'horse\r\n'],
    [' horse ', ' horse '],
  ])('read a file, less one line end: %j', async (content, passphrase) => {
    const file = path();
    await writeFile(file, content, { mode: 0o600 });
    const wrapped = await wrapWith(`passphrase:${file}`);
    expect(wrapped.keyUri).toBe(`passphrase:${file}`);
    await opens(wrapped, passphrase);
  });

  it.each(['horse\n', 'horse\r\n', 'horse\r', 'horse'])(
    'read the variable and the prompt, less one line end: %j',
    async (content) => {
      vi.stubEnv('WEIGHTSEAL_PASSPHRASE', undefined);
      await opens(await wrapWith('passphrase:', async () => Buffer.from(content)), 'horse');
      vi.stubEnv('WEIGHTSEAL_PASSPHRASE', content);
      await opens(await wrapWith('passphrase:'), 'horse');
    },
  );

  it.each<[string, Uint8Array, RegExp]>([
    ['Latin-1', Buffer.from([0xe9, 0xe9]), /UTF-8/],
    ['half a character', Buffer.from([0x68, 0xc3]), /UTF-8/],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), /UTF-8/],
    ['UTF-16 with its mark', Buffer.from('\ufeffhorse', 'utf16le'), /UTF-16/],
    ['UTF-16 with its mark, the other way round', Buffer.from([0xfe, 0xff, 0, 0x68]), /UTF-16/],
    ['UTF-16 without a mark', Buffer.from('horse', 'utf16le'), /UTF-16/],
    ['a mark of UTF-8', Buffer.from('\ufeffhorse'), /byte order mark/],
  ])('refuse what is no plain text of UTF-8, wherever it comes from: %s', async (_what, bytes, why) => {
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', undefined);
    const file = path();
    await writeFile(file, bytes, { mode: 0o600 });
    const refused = (expected: string) =>
      expect.objectContaining({ code: expected, message: expect.stringMatching(why) });
    await expect(wrapWith(`passphrase:${file}`)).rejects.toEqual(refused('KEY_FILE_INVALID'));
    const asked = wrapWith('passphrase:', async () => Buffer.from(bytes));
    await expect(asked).rejects.toEqual(refused('PASSPHRASE_REQUIRED'));
  });

  it('take the replacement character from the variable only where the process was started with it', async () => {
    // All that is not UTF-8 is this one character by the time that a program sees it.
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', '\ufffd\ufffd');
    await expect(wrapWith('passphrase:')).rejects.toEqual(code('PASSPHRASE_REQUIRED'));
    const script = `
      const { passphraseKeyFromUri } = await import('@weightseal/kms-local');
      const key = passphraseKeyFromUri('passphrase:', { scrypt: { N: 16384, r: 8, p: 1 }, allowWeakPassphrase: true });
      await key.wrap(new Uint8Array(32), {}).then(() => console.log('wrapped'), (error) => console.log(error.code));`;
    const started = (value: string) =>
      execFileSync(
        '/bin/sh',
        [
          '-c',
          `WEIGHTSEAL_PASSPHRASE="$(printf '${value}')" "$0" --input-type=module -e "$1"`,
          process.execPath,
          script,
        ],
        { cwd: import.meta.dirname, encoding: 'utf8' },
      ).trim();
    expect(started('\\357\\277\\275')).toBe('wrapped');
    expect(started('\\351\\351')).toBe('PASSPHRASE_REQUIRED');
    expect(started('\\377\\377')).toBe('PASSPHRASE_REQUIRED');
  });

  it('is asked for no more than one file may cost', () => {
    const key = createPassphraseKey({ passphrase: secret() });
    const slot = (...head: number[]) => ({
      keyUri: 'passphrase:./other',
      keyVersion: '',
      algorithm: 'scrypt-AES-256-GCM',
      ciphertext: Uint8Array.of(1, ...head, ...new Uint8Array(80)),
    });
    expect(key.effort!(slot(17, 8, 1))).toBe(2 ** 27);
    expect(key.effort!(slot(17, 16, 4))).toBe(2 ** 30);
    // Refused before any work.
    expect(key.effort!(slot(40, 16, 4))).toBe(0);
    expect(key.fits!({ ...slot(17, 8, 1), algorithm: 'AES-256-GCM' })).toBe(false);
  });

  it('refuse a pipe, which could be read once, and say so', async () => {
    const fifo = path();
    execFileSync('mkfifo', ['-m', '600', fifo]);
    await expect(wrapWith(`passphrase:${fifo}`)).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      message: expect.stringContaining('pipe'),
    });
  });

  it('refuse a file that others can read, an empty one, and a missing one', async () => {
    const [exposed, empty] = [path(), path()];
    await writeFile(exposed, 'horse');
    await chmod(exposed, 0o644);
    await writeFile(empty, '\n', { mode: 0o600 });
    await expect(wrapWith(`passphrase:${exposed}`)).rejects.toEqual(code('KEY_FILE_EXPOSED'));
    await expect(wrapWith(`passphrase:${empty}`)).rejects.toEqual(code('PASSPHRASE_REQUIRED'));
    await expect(wrapWith(`passphrase:${path()}`)).rejects.toEqual(code('KEY_NOT_FOUND'));
  });

  it('never hold the passphrase, and an error does not repeat what may be one', () => {
    for (const uri of ['passphrase:hunter2', 'passphrase://hunter2', 'passphrase:/a?hunter2', 'hunter2']) {
      expect(() => passphraseKeyFromUri(uri)).toThrow(code('KEY_URI_INVALID'));
      expect(() => passphraseKeyFromUri(uri)).not.toThrow(/hunter2/);
    }
    expect(() => createPassphraseKey({ passphrase: secret(), uri: 'local:/key' })).toThrow(
      code('KEY_URI_INVALID'),
    );
  });
});
