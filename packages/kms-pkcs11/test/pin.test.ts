import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PIN_VARIABLE, pinSource } from '../src/pin.js';
import { isKnownWrong, rememberWrong } from '../src/wrong-pins.js';

const directory = await mkdtemp(join(tmpdir(), 'weightseal-pkcs11-'));
afterAll(() => rm(directory, { recursive: true }));
const { signal } = new AbortController();

async function file(content: string, mode = 0o600): Promise<string> {
  const path = join(directory, `pin-${mode.toString(8)}-${content.length}`);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

const text = async (pin: Promise<Uint8Array>) => Buffer.from(await pin).toString();

describe('a PIN', () => {
  it('comes from the option first, then from the file, then from the environment', async () => {
    process.env[PIN_VARIABLE] = 'from the environment';
    const path = await file('from the file\n');
    expect(await text(pinSource('from the option', path)(signal))).toBe('from the option');
    expect(await text(pinSource(undefined, path)(signal))).toBe('from the file');
    expect(await text(pinSource(undefined, undefined)(signal))).toBe('from the environment');
    delete process.env[PIN_VARIABLE];
    await expect(pinSource(undefined, undefined)(signal)).rejects.toMatchObject({ code: 'KEY_DENIED' });
    process.env[PIN_VARIABLE] = '';
    const empty = pinSource(undefined, undefined)(signal);
    await expect(empty).rejects.toThrow('give WEIGHTSEAL_PKCS11_PIN a value (it is set, and empty)');
    delete process.env[PIN_VARIABLE];
  });

  it('may be bytes, which stay the caller’s', async () => {
    const bytes = Buffer.from('4711');
    const pin = await pinSource(bytes, undefined)(signal);
    pin.fill(0);
    expect(bytes.toString()).toBe('4711');
  });

  it('may come from a function, whose bytes are wiped', async () => {
    const bytes = Buffer.from('größe');
    expect(await text(pinSource(async () => bytes, undefined)(signal))).toBe('größe');
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(await text(pinSource(() => 'größe', undefined)(signal))).toBe('größe');
  });

  it.each([[''], [new Uint8Array()], [() => ''], [() => 4711 as unknown as string]])(
    'must be one: %s',
    async (pin) => {
      await expect(pinSource(pin, undefined)(signal)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );

  it('from a function that fails is KEY_DENIED, with what it threw', async () => {
    const cause = new Error('the vault is sealed');
    const failing = pinSource(() => Promise.reject(cause), undefined);
    await expect(failing(signal)).rejects.toMatchObject({ code: 'KEY_DENIED', cause });
  });

  it.each([
    ['4711', '4711'],
    ['4711\n', '4711'],
    ['4711\r\n', '4711'],
    ['4711\r', '4711'],
    ['4711\n\n', '4711\n'],
    [' 4711', ' 4711'],
  ])('in a file is all of it but one line end', async (content, pin) => {
    expect(await text(pinSource(undefined, await file(content))(signal))).toBe(pin);
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeff4711', 'utf16le')],
    ['byte order mark', Buffer.from('\ufeff4711')],
    ['not UTF-8', Buffer.from('k\u00f6nig', 'latin1')],
  ])('in a file is told to be %s', async (problem, content) => {
    const path = await file('4711');
    await writeFile(path, content);
    await expect(pinSource(undefined, path)(signal)).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      message: expect.stringContaining(problem),
    });
  });

  it.skipIf(process.geteuid?.() !== 0)('in a file of another user is refused (as root)', async () => {
    const path = await file('4711');
    await chown(path, 1234, 1234);
    await expect(pinSource(undefined, path)(signal)).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED' });
    await chown(path, 0, 0);
  });

  it.skipIf(process.platform === 'win32').each([0o620, 0o602, 0o660, 0o666])(
    'in a file of mode %o is refused',
    async (mode) => {
      const call = pinSource(undefined, await file('4711', mode))(signal);
      await expect(call).rejects.toMatchObject({
        code: 'KEY_FILE_EXPOSED',
        message: expect.stringContaining('chmod 600'),
      });
    },
  );

  it.skipIf(process.platform === 'win32').each([0o600, 0o400, 0o440, 0o444])(
    'in a file of mode %o in a directory of ours is taken',
    async (mode) => {
      expect(await text(pinSource(undefined, await file('4711', mode))(signal))).toBe('4711');
    },
  );

  it.each([
    ['that is not there', join(directory, 'nothing'), 'KEY_NOT_FOUND'],
    ['that is a directory', directory, 'KEY_FILE_INVALID'],
  ])('in a file %s is an error', async (_, path, code) => {
    await expect(pinSource(undefined, path)(signal)).rejects.toMatchObject({ code });
  });

  it('in a file that is empty or too long is an error', async () => {
    for (const content of ['', '\n', 'x'.repeat(1025)])
      await expect(pinSource(undefined, await file(content))(signal)).rejects.toMatchObject({
        code: 'KEY_FILE_INVALID',
      });
  });
});

describe('a wrong PIN', () => {
  const token = { token: 't', manufacturer: 'm', model: 'o', serial: '1' };

  it('is known for its token alone', () => {
    rememberWrong(token, Buffer.from('4711'));
    expect(isKnownWrong(token, Buffer.from('4711'))).toBe(true);
    expect(isKnownWrong(token, Buffer.from('4712'))).toBe(false);
    expect(isKnownWrong({ ...token, serial: '2' }, Buffer.from('4711'))).toBe(false);
  });
});
