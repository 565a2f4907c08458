import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sealToFile, type WrappedKey } from '@weightseal/core';
import { createPkcs11Key, type Pkcs11Key } from '@weightseal/kms-pkcs11';
import { afterEach, beforeEach, expect, describe as group, it } from 'vitest';
import { CKF, CKR } from '../src/cryptoki/constants.js';
import { callsOf, hasCompiler, lift, shimModule, spoil } from './support/shim.js';
import {
  createToken,
  describeOnSoftHsm,
  directory,
  importKey,
  library,
  type Token,
} from './support/softhsm.js';

// The faults that a PKCS#11 module can have, put between SoftHSM2 and its caller.
const describe = (title: string, body: () => void) =>
  library !== '' && !hasCompiler
    ? group.skip(`${title} (skipped: no C compiler)`, body)
    : describeOnSoftHsm(title, body);

const context = { model: 'llama' };
const dataKey = new Uint8Array(32).fill(7);
const DEADLINE_MS = 1500;
let token: Token;
let key: Pkcs11Key;
let wrapped: WrappedKey;
let module: string;

/** A new token and a new helper, which has answered once. */
async function fresh(): Promise<void> {
  token ??= createToken();
  const { label } = importKey(token);
  module = shimModule();
  key = keyWith(token.pin, label);
  wrapped = await key.wrap(dataKey, context);
  lift();
}

const keyWith = (pin: string, object: string) =>
  createPkcs11Key({ module, token: token.label, object, pin, deadlineMs: DEADLINE_MS });

/** Each call fails with its code in time, a seal leaves nothing, and all is well once the fault is gone. */
async function expectFault(codes: { wrap?: string; unwrap?: string; seal: string }): Promise<void> {
  const before = performance.now();
  const there = new Set(readdirSync(directory));
  const settled = async (call: Promise<unknown>) =>
    call.then(
      () => 'fine',
      (error) => error.code,
    );
  const [wrap, unwrap, seal] = await Promise.all([
    settled(key.wrap(dataKey, context)),
    settled(key.unwrap(wrapped, context)),
    settled(sealToFile(import.meta.filename, join(directory, 'sealed'), { keys: [key], context })),
  ]);
  expect({ wrap, unwrap, seal }).toEqual({ wrap: 'fine', unwrap: 'fine', ...codes });
  expect(performance.now() - before).toBeLessThan(2 * DEADLINE_MS + 1500);
  expect(readdirSync(directory).filter((name) => !there.has(name) && name !== 'calls')).toEqual([]);
  lift();
  expect(await key.unwrap(await key.wrap(dataKey, context), context)).toEqual(dataKey);
  expect(await key.unwrap(wrapped, context)).toEqual(dataKey);
}

describe('a module that', () => {
  beforeEach(fresh);
  afterEach(lift);

  it('does not come back from a call runs into the deadline', async () => {
    spoil('C_Encrypt sleep 30', 'C_Decrypt sleep 30');
    await expectFault({ wrap: 'KEY_TIMEOUT', unwrap: 'KEY_TIMEOUT', seal: 'KEY_TIMEOUT' });
  });

  it('does not come back from decrypting lets nothing be sealed', async () => {
    spoil('C_Decrypt sleep 30');
    await expectFault({ unwrap: 'KEY_TIMEOUT', seal: 'WRAP_NOT_VERIFIED' });
  });

  it('is slow answers late, and blocks nothing meanwhile', async () => {
    spoil('C_Encrypt sleep 1');
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    await Promise.all(Array.from({ length: 8 }, () => key.wrap(dataKey, context)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(30);
  });

  it('is slow does not hold up a caller who aborts', async () => {
    spoil('C_Encrypt sleep 1');
    const before = performance.now();
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const call = key.wrap(dataKey, context, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    expect(performance.now() - before).toBeLessThan(500);
    lift();
    expect(await key.unwrap(wrapped, context)).toEqual(dataKey);
  });

  it('crashes takes only the helper along', async () => {
    spoil('C_Encrypt crash');
    const dead = await key.wrap(dataKey, context).catch((error: unknown) => error);
    expect(dead).toMatchObject({ code: 'KEY_UNAVAILABLE', message: expect.stringContaining('SIGABRT') });
    lift();
    expect(await key.unwrap(await key.wrap(dataKey, context), context)).toEqual(dataKey);
  });

  it.each([
    ['C_EncryptInit', 'SESSION_HANDLE_INVALID'],
    ['C_Encrypt', 'SESSION_CLOSED'],
    ['C_FindObjectsInit', 'DEVICE_REMOVED'],
    ['C_FindObjectsInit', 'USER_NOT_LOGGED_IN'],
    ['C_FindObjectsInit', 'CRYPTOKI_NOT_INITIALIZED'],
  ] as const)('loses its state once (%s gives CKR_%s) is begun with anew', async (fn, code) => {
    spoil(`${fn} once ${CKR[code]}`);
    expect((await key.wrap(dataKey, context)).keyVersion).toBe('01');
    expect(callsOf('C_Login')).toBe(1);
  });

  it.each([
    ['a token that was taken out', 'TOKEN_NOT_PRESENT', 'KEY_UNAVAILABLE'],
    ['a device that fails', 'DEVICE_ERROR', 'KEY_UNAVAILABLE'],
    ['an error of no kind', 'GENERAL_ERROR', 'KEY_UNAVAILABLE'],
    ['a key that may not be used so', 'KEY_FUNCTION_NOT_PERMITTED', 'KEY_DISABLED'],
    ['a mechanism that it does not have', 'MECHANISM_INVALID', 'KEY_RESPONSE_INVALID'],
    ['parameters that it does not take', 'MECHANISM_PARAM_INVALID', 'KEY_RESPONSE_INVALID'],
  ] as const)('tells of %s has it in the error', async (_, code, expected) => {
    spoil(`C_EncryptInit give ${CKR[code]}`, `C_DecryptInit give ${CKR[code]}`);
    await expectFault({ wrap: expected, unwrap: expected, seal: expected });
  });

  it('says that a tag does not fit is believed', async () => {
    spoil(`C_Decrypt give ${CKR.ENCRYPTED_DATA_INVALID}`);
    await expectFault({ unwrap: 'UNWRAP_REJECTED', seal: 'WRAP_NOT_VERIFIED' });
  });

  it('answers more than ciphertext and tag, as Luna does in FIPS mode, is refused', async () => {
    spoil('C_Encrypt longer 16');
    await expectFault({ wrap: 'KEY_RESPONSE_INVALID', seal: 'KEY_RESPONSE_INVALID' });
  });

  it('answers more than a data key is refused', async () => {
    spoil('C_Decrypt longer 16');
    await expectFault({ unwrap: 'KEY_RESPONSE_INVALID', seal: 'WRAP_NOT_VERIFIED' });
  });

  it.each(['iv', 'zero'])(
    'makes the IV itself, as AWS CloudHSM does, is asked which (%s)',
    async (action) => {
      spoil(`C_EncryptInit ${action} 90`);
      const wrap = await key.wrap(dataKey, context);
      expect(wrap.ciphertext.subarray(1, 13)).toEqual(Buffer.alloc(12, 90));
      lift();
      expect(await key.unwrap(wrap, context)).toEqual(dataKey);
    },
  );

  it('wants to make the IV itself, and makes none, is refused', async () => {
    spoil('C_EncryptInit zero 0');
    await expectFault({ wrap: 'KEY_RESPONSE_INVALID', seal: 'KEY_RESPONSE_INVALID' });
  });

  it('lets this user make no key says so at a rotation, and no key is made twice', async () => {
    spoil(`C_GenerateKey give ${CKR.SESSION_READ_ONLY}`);
    await expect(key.rotate()).rejects.toMatchObject({
      code: 'KEY_DENIED',
      message: expect.stringContaining('read-write'),
    });
    spoil(`C_GenerateKey give ${CKR.DEVICE_ERROR}`);
    await expect(key.rotate()).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    expect(callsOf('C_GenerateKey')).toBe(2);
  });

  it('gives a new key another id than it was told is refused', async () => {
    spoil('C_GenerateKey id 255');
    await expect(key.rotate()).rejects.toMatchObject({
      code: 'KEY_RESPONSE_INVALID',
      message: expect.stringContaining('another id'),
    });
  });
});

describe('sessions of a token', () => {
  beforeEach(fresh);
  afterEach(lift);

  it('are shared by many calls', async () => {
    await Promise.all(Array.from({ length: 50 }, () => key.wrap(dataKey, context)));
    expect(callsOf('C_OpenSession')).toBeLessThanOrEqual(8);
    expect(callsOf('C_Login')).toBe(0);
  });

  it('that are fewer than we like are waited for', async () => {
    spoil(`C_OpenSession give ${CKR.SESSION_COUNT}`);
    const wraps = await Promise.all(Array.from({ length: 20 }, () => key.wrap(dataKey, context)));
    expect(wraps).toHaveLength(20);
  });

  it('of which there is none are KEY_THROTTLED', async () => {
    module = shimModule();
    spoil(`C_OpenSession give ${CKR.SESSION_COUNT}`);
    const other = keyWith(token.pin, 'k');
    await expect(other.wrap(dataKey, context)).rejects.toMatchObject({ code: 'KEY_THROTTLED' });
  });
});

describe('a PIN', () => {
  beforeEach(fresh);
  afterEach(lift);

  it('that is wrong is sent once, by fifty calls at once and by all that follow', async () => {
    module = shimModule();
    const wrong = keyWith('4711 is wrong', 'k');
    const errors = await Promise.all(
      Array.from({ length: 50 }, () => wrong.wrap(dataKey, context).catch((e) => e)),
    );
    for (const error of errors) expect(error).toMatchObject({ code: 'KEY_DENIED' });
    const its = { ...wrapped, keyUri: wrong.uri };
    await expect(wrong.unwrap(its, context)).rejects.toMatchObject({ code: 'KEY_DENIED' });
    await expect(keyWith('4711 is wrong', 'k').describe()).rejects.toMatchObject({ code: 'KEY_DENIED' });
    expect(callsOf('C_Login')).toBe(1);
    expect(JSON.stringify(errors.map(({ message, stack }) => [message, stack]))).not.toContain('4711');
  });

  it('of which a wrong one would lock the token is not sent at all', async () => {
    module = shimModule();
    spoil(`C_GetTokenInfo flags ${CKF.USER_PIN_FINAL_TRY}`);
    const careful = keyWith(token.pin, 'k');
    await expect(careful.wrap(dataKey, context)).rejects.toMatchObject({
      code: 'KEY_DENIED',
      message: expect.stringContaining('lock'),
    });
    expect(callsOf('C_Login')).toBe(0);
  });

  it.each([
    ['locked', `C_GetTokenInfo flags ${CKF.USER_PIN_LOCKED}`],
    ['locked', `C_Login give ${CKR.PIN_LOCKED}`],
    ['expired', `C_Login give ${CKR.PIN_EXPIRED}`],
  ])('that is %s is KEY_DENIED, and is tried again when that has been mended', async (what, line) => {
    module = shimModule();
    const { label } = importKey(token);
    const mended = keyWith(token.pin, label);
    spoil(line);
    await expect(mended.wrap(dataKey, context)).rejects.toMatchObject({
      code: 'KEY_DENIED',
      message: expect.stringContaining(what),
    });
    lift();
    expect((await mended.wrap(dataKey, context)).keyVersion).toBe('01');
  });
});

describe('a token without AES-GCM', () => {
  beforeEach(fresh);
  afterEach(lift);

  it('is refused by name of what it lacks', async () => {
    module = shimModule();
    spoil(`C_GetMechanismInfo give ${CKR.MECHANISM_INVALID}`);
    await expect(keyWith(token.pin, 'k').wrap(dataKey, context)).rejects.toMatchObject({
      code: 'KEY_RESPONSE_INVALID',
      message: expect.stringContaining('CKM_AES_GCM'),
    });
  });
});
