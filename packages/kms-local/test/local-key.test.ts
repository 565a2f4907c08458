import { createDecipheriv, createHmac } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import {
  createLocalKey,
  generateKeyFile,
  localKeyFromUri,
  passphraseKeyFromUri,
} from '@weightseal/kms-local';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { secretsIn } from './secrets.js';
import { temporary } from './temporary.js';

const path = await temporary();
const CONTEXT = { model: 'm', version: '2' };
const dataKey = Buffer.from(Array.from({ length: 32 }, (_, i) => 200 - i));
const code = (expected: string) => expect.objectContaining({ code: expected });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('URIs', () => {
  it('name a path as it stands', () => {
    for (const file of ['/etc/key', './key', 'key', '/a%20b', '/a b', 'C:\\key', '/größe'])
      expect(localKeyFromUri(`local:${file}`).uri).toBe(`local:${file}`);
  });

  it('that hold anything but a path are refused, and not repeated', () => {
    const secret = '0123456789abcdef'.repeat(4);
    const base64 = Buffer.alloc(32, 250).toString('base64');
    for (const uri of [
      'local:',
      'local',
      '/etc/key',
      'Local:/etc/key',
      'local:/etc/key?mode=1',
      'local:/etc/key#1',
      'local:/etc/\nkey',
      'local:/etc/\u0000',
      'local:///etc/key',
      'local://user:password@host/key',
      `local:${secret}`,
      `local:${base64}`,
      `base64key://${base64}`,
    ]) {
      expect(() => localKeyFromUri(uri), uri).toThrow(code('KEY_URI_INVALID'));
      expect(() => localKeyFromUri(uri)).not.toThrow(/password|0123456789|\+vr6|-vr6/);
    }
    expect(() => createLocalKey({ path: '/etc/key?' })).toThrow(code('INVALID_ARGUMENT'));
  });

  it('has no ~ that a shell should have replaced, wherever it is named', async () => {
    for (const path of ['~/k', '~root/k', '~']) {
      const told = /begins with a ~ that no shell has replaced/;
      expect(() => localKeyFromUri(`local:${path}`)).toThrow(code('KEY_URI_INVALID'));
      expect(() => localKeyFromUri(`local:${path}`)).toThrow(told);
      expect(() => passphraseKeyFromUri(`passphrase:${path}`)).toThrow(told);
      expect(() => createLocalKey({ path })).toThrow(told);
      await expect(generateKeyFile(path)).rejects.toThrow(told);
    }
    for (const path of ['./~/k', 'a~/k', '/~/k'])
      expect(localKeyFromUri(`local:${path}`).uri).toBe(`local:${path}`);
  });
});

describe('options', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    'deadlineMs %d is refused',
    (deadlineMs) => {
      expect(() => createLocalKey({ path: '/key', deadlineMs })).toThrow(code('INVALID_ARGUMENT'));
    },
  );
});

describe('the wrap', () => {
  it('is laid out as the README says', async () => {
    const file = path();
    const key = localKeyFromUri(await generateKeyFile(file));
    await key.rotate();
    const { keyVersion, algorithm, ciphertext } = await key.wrap(dataKey, CONTEXT);
    const [id, version] = keyVersion.split('/') as [string, string];
    expect([version, algorithm, ciphertext.length, ciphertext[0]]).toEqual(['2', 'AES-256-GCM', 81, 1]);
    const label = Buffer.from('weightseal/local/wrap/1');
    const [salt, sealed, tag] = [
      ciphertext.subarray(1, 33),
      ciphertext.subarray(33, 65),
      ciphertext.subarray(65),
    ];
    const kek = (await secretsIn(file))[1]!;
    const okm = createHmac('sha384', kek).update(label).update(salt).update(Buffer.of(1)).digest();
    const aad = [label, Buffer.of(0, 0, 0, 16), Buffer.from(id, 'hex'), Buffer.of(0, 0, 0, 2)];
    const decipher = createDecipheriv('aes-256-gcm', okm.subarray(0, 32), okm.subarray(32, 44));
    decipher.setAAD(Buffer.concat([...aad, Buffer.from('{"model":"m","version":"2"}')])).setAuthTag(tag);
    expect(Buffer.concat([decipher.update(sealed), decipher.final()])).toEqual(dataKey);
  });

  it('of another key file or of a lost version is refused with a sentence that says so', async () => {
    const [one, other] = [path(), path()];
    const key = localKeyFromUri(await generateKeyFile(one));
    const wrapped = await key.wrap(dataKey, CONTEXT);
    const kept = await readFile(one);
    const otherKey = localKeyFromUri(await generateKeyFile(other));
    const found = (await otherKey.describe()).primaryVersion.split('/')[0]!;
    const refusal = otherKey.unwrap(wrapped, CONTEXT);
    await expect(refusal).rejects.toEqual(code('UNWRAP_REJECTED'));
    const id = wrapped.keyVersion.split('/')[0]!;
    await expect(refusal).rejects.toThrow(
      `wrapped by local:${one}, which was the key ${id}, and local:${other} was given, which holds the key ${found}. Give the key file`,
    );
    await rename(other, one);
    await expect(key.unwrap(wrapped, CONTEXT)).rejects.toThrow('Put back the file that was there then');
    await writeFile(one, kept, { mode: 0o600 });
    const newer = { ...wrapped, keyVersion: wrapped.keyVersion.replace(/1$/, '9') };
    await expect(key.unwrap(newer, CONTEXT)).rejects.toEqual(code('UNWRAP_REJECTED'));
    await expect(key.unwrap(newer, CONTEXT)).rejects.toThrow('version 9');
  });

  it('moved to another version of the same key is refused', async () => {
    const key = localKeyFromUri(await generateKeyFile(path()));
    const wrapped = await key.wrap(dataKey, CONTEXT);
    const keyVersion = await key.rotate();
    await expect(key.unwrap({ ...wrapped, keyVersion }, CONTEXT)).rejects.toEqual(code('UNWRAP_REJECTED'));
  });
});

describe('secrets', () => {
  it('are gone from every buffer, and were never a string, once a call returns', async () => {
    const file = path();
    const key = localKeyFromUri(await generateKeyFile(file));
    const [secret] = (await secretsIn(file)) as [Buffer];
    const hex = secret.toString('hex');

    const buffers: Uint8Array[] = [];
    for (const name of ['alloc', 'allocUnsafeSlow', 'allocUnsafe'] as const) {
      const original = Buffer[name] as (size: number) => Buffer<ArrayBuffer>;
      vi.spyOn(Buffer, name).mockImplementation((size: number) => {
        const buffer = original(size);
        buffers.push(buffer);
        return buffer;
      });
    }
    const strings: string[] = [];
    const original = Buffer.prototype.toString;
    vi.spyOn(Buffer.prototype, 'toString').mockImplementation(function (this: Buffer, ...args) {
      const text = original.apply(this, args);
      strings.push(text);
      return text;
    });

    const wrapped = await key.wrap(dataKey, CONTEXT);
    await key.unwrap(wrapped, CONTEXT);
    await key.describe();
    await key.rotate();
    vi.restoreAllMocks();

    const holdsSecret = (buffer: Uint8Array) =>
      Buffer.from(buffer).includes(secret) || Buffer.from(buffer).includes(hex);
    expect(buffers.length).toBeGreaterThan(8);
    expect(buffers.filter(holdsSecret)).toHaveLength(0);
    expect(strings.length).toBeGreaterThan(0);
    expect(strings.filter((text) => text.includes(hex) || text.includes(secret.toString('latin1')))).toEqual(
      [],
    );
  });
});
