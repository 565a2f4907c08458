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
    passphraseKeyFromUri(uri, { scrypt, prompt }).wrap(dataKey, CONTEXT);
  const opens = async (wrapped: Awaited<ReturnType<typeof wrapWith>>, passphrase: string) =>
    createPassphraseKey({ passphrase: Buffer.from(passphrase), scrypt }).unwrap(wrapped, CONTEXT);

  it('ask the environment at each call, then the prompt, then fail', async () => {
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', undefined);
    const key = passphraseKeyFromUri('passphrase:', { scrypt });
    await expect(key.wrap(dataKey, CONTEXT)).rejects.toEqual(code('PASSPHRASE_REQUIRED'));
    await opens(await wrapWith('passphrase:', async () => Buffer.from('asked')), 'asked');
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', 'grün');
    await opens(await key.wrap(dataKey, CONTEXT), 'grün');
    await opens(await wrapWith('passphrase:', async () => Buffer.from('asked')), 'grün');
  });

  it.each([
    ['horse', 'horse'],
    ['horse\n', 'horse'],
    ['horse\r\n', 'horse'],
    ['horse\n\n', 'horse\n'],
    [' horse ', ' horse '],
  ])('read a file, less one line end: %j', async (content, passphrase) => {
    const file = path();
    await writeFile(file, content, { mode: 0o600 });
    const wrapped = await wrapWith(`passphrase:${file}`);
    expect(wrapped.keyUri).toBe(`passphrase:${file}`);
    await opens(wrapped, passphrase);
  });

  it('refuse a file that others can read, an empty one, and a missing one', async () => {
    const [exposed, empty] = [path(), path()];
    await writeFile(exposed, 'horse');
    await chmod(exposed, 0o640);
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
