import { createDecipheriv } from 'node:crypto';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { encodeContext, openToStream, sealToFile, type WrappedKey } from '@weightseal/core';
import { createPkcs11Key, type Pkcs11KeyOptions, pkcs11KeyFromUri } from '@weightseal/kms-pkcs11';
import { beforeAll, expect, describe as group, it, vi } from 'vitest';
import { CKA } from '../src/cryptoki/constants.js';
import {
  createToken,
  describeOnSoftHsm as describe,
  directory,
  importKey,
  library,
  type Token,
  tokens,
} from './support/softhsm.js';
import { generateSpecialKey } from './support/special-key.js';

const context = { model: 'llama', version: '3' };
const dataKey = Uint8Array.from({ length: 32 }, (_, i) => i);
let token: Token;

const keyOf = (more: Partial<Pkcs11KeyOptions>) =>
  createPkcs11Key({ module: library, token: token.label, pin: token.pin, ...more });

describe('a key on SoftHSM2', () => {
  beforeAll(() => {
    token = createToken();
  });

  group('wraps', () => {
    it('in the documented layout, which another implementation of AES-GCM opens', async () => {
      const { label, secret } = importKey(token);
      const { ciphertext, keyVersion, algorithm } = await keyOf({ object: label }).wrap(dataKey, context);
      expect([keyVersion, algorithm, ciphertext.length, ciphertext[0]]).toEqual(['01', 'AES-256-GCM', 61, 1]);
      const decipher = createDecipheriv('aes-256-gcm', secret, ciphertext.subarray(1, 13));
      decipher.setAAD(Buffer.concat([Buffer.from('weightseal/pkcs11/wrap/1'), encodeContext(context)]));
      decipher.setAuthTag(ciphertext.subarray(45));
      expect(Buffer.concat([decipher.update(ciphertext.subarray(13, 45)), decipher.final()])).toEqual(
        Buffer.from(dataKey),
      );
    });

    it('for files that open again, also with the URI that the file names', async () => {
      const { label } = importKey(token);
      const key = keyOf({ object: label });
      const path = join(directory, 'sealed');
      await sealToFile(import.meta.filename, path, { keys: [key], context, overwrite: true });
      const named = pkcs11KeyFromUri(key.uri, { module: library, pin: token.pin });
      const stream = await openToStream(path, { keys: [named] });
      let length = 0;
      for await (const chunk of stream) length += chunk.length;
      expect(length).toBeGreaterThan(1000);
    });

    it('fifty at once, with more tokens than one', async () => {
      const other = createToken();
      const keys = [
        keyOf({ object: importKey(token).label }),
        keyOf({ token: other.label, pin: other.pin, object: importKey(other).label }),
      ];
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const key = keys[i % 2]!;
          const mine = Uint8Array.from(dataKey, (byte) => byte ^ i);
          expect(await key.unwrap(await key.wrap(mine, { i: `${i}` }), { i: `${i}` })).toEqual(mine);
        }),
      );
    });
  });

  group('has versions', () => {
    it('of which the one with the highest id wraps, and the one that the wrap names unwraps', async () => {
      const { label } = importKey(token, undefined, '10');
      const key = keyOf({ object: label });
      const older = await key.wrap(dataKey, context);
      importKey(token, label, '0f');
      expect((await key.wrap(dataKey, context)).keyVersion).toBe('10');
      importKey(token, label, '1000');
      const newer = await key.wrap(dataKey, context);
      expect(newer.keyVersion).toBe('1000');
      expect(await key.unwrap(older, context)).toEqual(dataKey);
      expect(await key.unwrap(newer, context)).toEqual(dataKey);
    });

    it('that a rotation adds, and that cannot leave the token', async () => {
      const { label } = importKey(token, undefined, '7f');
      const key = keyOf({ object: label });
      const wraps: WrappedKey[] = [await key.wrap(dataKey, context)];
      for (let i = 0; i < 5; i++) {
        const version = await key.rotate();
        expect(version).toMatch(/^7f00000[1-5][0-9a-f]{8}$/);
        expect((await key.describe()).primaryVersion).toBe(version);
        wraps.push(await key.wrap(dataKey, context));
      }
      expect(new Set(wraps.map(({ keyVersion }) => keyVersion)).size).toBe(6);
      for (const wrap of wraps) expect(await key.unwrap(wrap, context)).toEqual(dataKey);
      expect((await key.describe()).protection).toBe('software (SoftHSM v2 by SoftHSM project)');
    });

    it('that two rotations at once do not confuse', async () => {
      const { label } = importKey(token);
      const key = keyOf({ object: label });
      const made = await Promise.all([key.rotate(), key.rotate(), key.rotate()]);
      expect(new Set(made).size).toBe(3);
      const wrap = await key.wrap(dataKey, context);
      expect(made).toContain(wrap.keyVersion);
      expect(await key.unwrap(wrap, context)).toEqual(dataKey);
    });

    it('of which an id names one', async () => {
      const { label } = importKey(token, undefined, '21');
      const all = keyOf({ object: label });
      const one = keyOf({ object: label, id: Uint8Array.of(0x21) });
      await all.rotate();
      const newer = await all.wrap(dataKey, context);
      const older = await one.wrap(dataKey, context);
      expect(older.keyVersion).toBe('21');
      expect(await all.unwrap(older, context)).toEqual(dataKey);
      await expect(one.unwrap(newer, context)).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
      await expect(one.rotate()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    });

    it('that an id alone names, without a label', async () => {
      importKey(token, undefined, 'c0ffee');
      const key = keyOf({ id: Buffer.from('c0ffee', 'hex') });
      expect(await key.unwrap(await key.wrap(dataKey, context), context)).toEqual(dataKey);
    });

    it('which must not have the same id twice', async () => {
      const { label } = importKey(token);
      importKey(token, label);
      const call = keyOf({ object: label }).wrap(dataKey, context);
      await expect(call).rejects.toMatchObject({
        code: 'KEY_NOT_FOUND',
        message: expect.stringMatching(/same id/),
      });
    });

    it('none of which a rotation makes where there is none', async () => {
      await expect(keyOf({ object: 'misspelt' }).rotate()).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    });
  });

  group('is described', () => {
    it('with what the token says of itself, and whether the key can leave it', async () => {
      const { label } = importKey(token);
      await generateSpecialKey(token, [
        [CKA.LABEL, Buffer.from('leaves')],
        [CKA.ID, Uint8Array.of(1)],
        [CKA.VALUE_LEN, 32],
        [CKA.EXTRACTABLE, true],
      ]);
      const key = keyOf({ object: label });
      expect(await key.describe()).toMatchObject({
        uri: key.uri,
        algorithm: 'AES-256-GCM',
        primaryVersion: '01',
        state: 'enabled',
      });
      expect((await keyOf({ object: 'leaves' }).describe()).protection).toContain('can be read out');
    });

    it('as disabled where it may not decrypt, and still has its older versions', async () => {
      const { label } = importKey(token);
      const key = keyOf({ object: label });
      const wrap = await key.wrap(dataKey, context);
      await generateSpecialKey(token, [
        [CKA.LABEL, Buffer.from(label)],
        [CKA.ID, Uint8Array.of(2)],
        [CKA.VALUE_LEN, 32],
        [CKA.ENCRYPT, false],
        [CKA.DECRYPT, false],
      ]);
      expect(await key.describe()).toMatchObject({ primaryVersion: '02', state: 'disabled' });
      await expect(key.wrap(dataKey, context)).rejects.toMatchObject({ code: 'KEY_DISABLED' });
      expect(await key.unwrap(wrap, context)).toEqual(dataKey);
    });

    it('as missing where only a shorter key has its label', async () => {
      await generateSpecialKey(token, [
        [CKA.LABEL, Buffer.from('short')],
        [CKA.ID, Uint8Array.of(1)],
        [CKA.VALUE_LEN, 16],
      ]);
      await expect(keyOf({ object: 'short' }).describe()).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    });
  });

  group('needs a PIN', () => {
    it('from a file that nobody else can read', async () => {
      const { label } = importKey(token);
      const path = join(directory, 'pin');
      writeFileSync(path, `${token.pin}\n`, { mode: 0o600 });
      const uri = `pkcs11:token=${token.label};object=${label}?module-path=${library}&pin-source=file:${path}`;
      // Another spelling of the same module's path: another helper, which is not logged in.
      const fresh = uri.replace(library, library.replace('/', '/./'));
      chmodSync(directory, 0o711);
      chmodSync(path, 0o644);
      await expect(pkcs11KeyFromUri(fresh).wrap(dataKey, context)).rejects.toMatchObject({
        code: 'KEY_FILE_EXPOSED',
      });
      chmodSync(path, 0o400);
      const key = pkcs11KeyFromUri(fresh);
      expect(await key.unwrap(await key.wrap(dataKey, context), context)).toEqual(dataKey);
    });

    it('and says how to give it where none is there', async () => {
      const other = createToken();
      const { label } = importKey(other);
      const key = keyOf({ token: other.label, object: label, pin: undefined });
      await expect(key.wrap(dataKey, context)).rejects.toMatchObject({
        code: 'KEY_DENIED',
        message: expect.stringContaining('WEIGHTSEAL_PKCS11_PIN'),
      });
      process.env['WEIGHTSEAL_PKCS11_PIN'] = other.pin;
      expect((await key.wrap(dataKey, context)).keyVersion).toBe('01');
      delete process.env['WEIGHTSEAL_PKCS11_PIN'];
    });

    it('and is asked for it once, by fifty calls at the same time', async () => {
      const other = createToken();
      const { label } = importKey(other);
      let asked = 0;
      const pin = async () => {
        asked++;
        return other.pin;
      };
      const key = keyOf({ token: other.label, object: label, pin });
      await Promise.all(Array.from({ length: 50 }, () => key.wrap(dataKey, context)));
      expect(asked).toBe(1);
    });

    it('and asks for it again when it was not given in time', async () => {
      const other = createToken();
      const { label } = importKey(other);
      let asked = 0;
      const pin = () => (asked++ === 0 ? new Promise<string>(() => {}) : other.pin);
      const key = keyOf({ token: other.label, object: label, pin, deadlineMs: 1000 });
      await expect(key.wrap(dataKey, context)).rejects.toMatchObject({ code: 'KEY_TIMEOUT' });
      // The login that hangs began a little after the call that wanted it, and ends so much later.
      await vi.waitFor(() => key.wrap(dataKey, context), 5000);
      expect(asked).toBe(2);
    });

    it('and takes the right one after a wrong one', async () => {
      const other = createToken();
      const { label } = importKey(other);
      let pin = 'wrong';
      const key = keyOf({ token: other.label, object: label, pin: () => pin });
      await expect(key.wrap(dataKey, context)).rejects.toMatchObject({
        code: 'KEY_DENIED',
        message: expect.stringContaining('CKR_PIN'),
      });
      pin = other.pin;
      expect((await key.wrap(dataKey, context)).keyVersion).toBe('01');
    });
  });

  group('is on one token', () => {
    it('which must be told from others', async () => {
      const [one, two] = [createToken('twins'), createToken('twins')];
      const { label } = importKey({ ...one, label: token.label, pin: token.pin });
      await expect(
        keyOf({ token: 'twins', object: label, pin: two.pin }).wrap(dataKey, context),
      ).rejects.toMatchObject({
        code: 'KEY_NOT_FOUND',
        message: expect.stringMatching(/serial/),
      });
    });

    it('which is found also when it was made after the first call', async () => {
      const late = keyOf({ token: 'late', object: 'k' });
      await expect(late.describe()).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      const made = createToken('late');
      importKey(made, 'k');
      expect((await keyOf({ token: 'late', object: 'k', pin: made.pin }).describe()).primaryVersion).toBe(
        '01',
      );
    });

    it('which can be taken out and put back', async () => {
      const { label } = importKey(token);
      const key = keyOf({ object: label });
      const wrap = await key.wrap(dataKey, context);
      // What a helper has seen of a token counts for a second.
      await setTimeout(1100);
      renameSync(tokens, `${tokens}.away`);
      const error = await key.unwrap(wrap, context).catch((thrown: unknown) => thrown);
      renameSync(`${tokens}.away`, tokens);
      expect(error).toMatchObject({ code: expect.stringMatching(/^KEY_(UNAVAILABLE|NOT_FOUND|DENIED)$/) });
      expect(await key.unwrap(wrap, context)).toEqual(dataKey);
    });
  });
});
