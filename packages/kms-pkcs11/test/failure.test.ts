import type { ErrorCode } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { CKR } from '../src/cryptoki/constants.js';
import { versionIn } from '../src/describe.js';
import { isStale, isWrongPin, toError } from '../src/failure.js';
import { type Failure, HelperFailure } from '../src/messages.js';

const errorOf = (failure: Failure) => toError(new HelperFailure(failure), 'unwrap with pkcs11:object=k');
const ckr = (fn: string, rv: number): Failure => ({ kind: 'ckr', fn, rv });

describe('what the module says', () => {
  it.each<[keyof typeof CKR, ErrorCode]>([
    ['PIN_INCORRECT', 'KEY_DENIED'],
    ['PIN_LEN_RANGE', 'KEY_DENIED'],
    ['PIN_LOCKED', 'KEY_DENIED'],
    ['PIN_EXPIRED', 'KEY_DENIED'],
    ['USER_PIN_NOT_INITIALIZED', 'KEY_DENIED'],
    ['USER_NOT_LOGGED_IN', 'KEY_DENIED'],
    ['SESSION_READ_ONLY', 'KEY_DENIED'],
    ['TOKEN_WRITE_PROTECTED', 'KEY_DENIED'],
    ['KEY_FUNCTION_NOT_PERMITTED', 'KEY_DISABLED'],
    ['SESSION_COUNT', 'KEY_THROTTLED'],
    ['DEVICE_REMOVED', 'KEY_UNAVAILABLE'],
    ['TOKEN_NOT_PRESENT', 'KEY_UNAVAILABLE'],
    ['DEVICE_ERROR', 'KEY_UNAVAILABLE'],
    ['DEVICE_MEMORY', 'KEY_UNAVAILABLE'],
    ['GENERAL_ERROR', 'KEY_UNAVAILABLE'],
    ['SESSION_HANDLE_INVALID', 'KEY_UNAVAILABLE'],
    ['KEY_HANDLE_INVALID', 'KEY_NOT_FOUND'],
    ['MECHANISM_INVALID', 'KEY_RESPONSE_INVALID'],
    ['FUNCTION_NOT_SUPPORTED', 'KEY_RESPONSE_INVALID'],
  ])('with CKR_%s is %s', (name, code) => {
    const error = errorOf(ckr('C_Something', CKR[name]));
    expect(error.code).toBe(code);
    expect(error.message).toContain(`C_Something gave CKR_${name}`);
    expect(error.message).toContain('pkcs11:object=k');
    expect(error.cause).toBeInstanceOf(HelperFailure);
  });

  it('with a code of its vendor is an outage, and the code is told', () => {
    const error = errorOf(ckr('C_EncryptInit', 0x80000011));
    expect(error.code).toBe('KEY_UNAVAILABLE');
    expect(error.message).toContain('C_EncryptInit gave 0x80000011');
  });

  it.each<keyof typeof CKR>([
    'ENCRYPTED_DATA_INVALID',
    'ENCRYPTED_DATA_LEN_RANGE',
    'AEAD_DECRYPT_FAILED',
    'GENERAL_ERROR',
    'FUNCTION_FAILED',
    'DATA_INVALID',
  ])('with CKR_%s while decrypting is a tag that does not fit', (name) => {
    expect(errorOf(ckr('C_Decrypt', CKR[name])).code).toBe('UNWRAP_REJECTED');
    expect(errorOf(ckr('C_DecryptInit', CKR[name])).code).toBe('KEY_UNAVAILABLE');
  });

  it.each<[object, string]>([
    [{ code: 'EMFILE' }, 'ulimit -n'],
    [{ code: 'EAGAIN' }, 'ulimit -u'],
    [{ code: 'ENOMEM' }, 'memory'],
    [{ code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' }, '--allow-child-process'],
    [{ code: 'ENOENT' }, 'start it anew'],
  ])('is not asked for where the machine does not let the helper start: %o', (said, word) => {
    const cause = Object.assign(new Error('spawn'), said);
    const failure = new HelperFailure({ kind: 'no-helper', detail: 'no' }, { cause });
    const error = toError(failure, 'unwrap with pkcs11:object=k');
    expect(error).toMatchObject({ code: 'KEY_UNAVAILABLE', message: expect.stringContaining(word) });
    expect(error.message).not.toContain('vendor');
    expect(errorOf({ kind: 'no-helper', detail: 'it ended with code 1' }).message).toContain('vendor');
  });

  it('while decrypting stays an outage where it says that the device failed', () => {
    expect(errorOf(ckr('C_Decrypt', CKR.DEVICE_ERROR)).code).toBe('KEY_UNAVAILABLE');
  });

  it('has a help for everything that the helper can find', () => {
    const kinds = [
      'no-token',
      'many-tokens',
      'no-mechanism',
      'no-key',
      'many-keys',
      'no-version',
      'disabled',
      'final-try',
      'odd-answer',
      'no-room',
    ] as const;
    for (const kind of kinds)
      expect(errorOf({ kind }).message).toMatch(/^Could not unwrap with pkcs11:object=k\. .{20,}$/);
  });
});

it.each([undefined, 7, '0', 'XY', 'ab'.repeat(257)])('a version that is no id (%s) is refused', (version) => {
  expect(() => versionIn('pkcs11:object=k', { version: version as string })).toThrow(/left out the version/);
});

it('what the helper never says is a defect', () => {
  expect(errorOf({ kind: 'nonsense' } as unknown as Failure).code).toBe('INTERNAL');
});

describe('after a failure', () => {
  it('a new helper is worth a try where the session, the login or the token may be gone', () => {
    for (const name of [
      'SESSION_HANDLE_INVALID',
      'SESSION_CLOSED',
      'USER_NOT_LOGGED_IN',
      'DEVICE_REMOVED',
      'TOKEN_NOT_PRESENT',
      'CRYPTOKI_NOT_INITIALIZED',
    ] as const)
      expect(isStale(ckr('C_EncryptInit', CKR[name])), name).toBe(true);
    expect(isStale({ kind: 'no-helper', detail: 'SIGSEGV' })).toBe(true);
  });

  it('none is where the answer would be the same, least of all for a PIN', () => {
    for (const name of ['PIN_INCORRECT', 'PIN_LOCKED', 'GENERAL_ERROR', 'MECHANISM_INVALID'] as const)
      expect(isStale(ckr('C_Login', CKR[name])), name).toBe(false);
  });

  it('a PIN is remembered as wrong where the token refused it, and not where it is locked or expired', () => {
    expect(isWrongPin(ckr('C_Login', CKR.PIN_INCORRECT))).toBe(true);
    expect(isWrongPin(ckr('C_Login', CKR.PIN_LEN_RANGE))).toBe(true);
    expect(isWrongPin(ckr('C_Login', CKR.PIN_LOCKED))).toBe(false);
    expect(isWrongPin(ckr('C_Login', CKR.DEVICE_ERROR))).toBe(false);
  });
});
