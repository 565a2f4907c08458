import { createPassphraseKey, weaknessOf } from '@weightseal/kms-local';
import { describe, expect, it } from 'vitest';

const scrypt = { N: 2 ** 14, r: 8, p: 1 };
const weak = (text: string) => weaknessOf(Buffer.from(text)) !== undefined;

describe('a passphrase would be guessed', () => {
  it.each([
    '',
    'a',
    'hunter2',
    'grün',
    'ééééééé',
    'aaaaaaaaaaaa',
    'abababababab',
    '12341234123412341234',
    '12345678',
    '1234567890abc',
    '19991231',
    '00491701234',
    'password',
    'Password1',
    'P4$$w0rd123!',
    'passwordpassword',
    'letmein2024',
    'iloveyou123',
    'weightseal',
    'weightseal-model',
    'changeme!',
    'qwertyuiop',
    'asdfghjkl;',
    '1qwertyuiop1',
    'zxcvbnm,./',
    'abcdefghijkl',
    'zyxwvutsrqp',
  ])('%s', (text) => {
    expect(weak(text)).toBe(true);
  });
});

describe('a passphrase is taken', () => {
  it.each([
    'correct horse',
    'correct horse battery staple',
    'four words of mine',
    'my secret model passphrase',
    'Gewicht-é-模型-密码',
    '模型密码很难猜到',
    'k7#Qz!p2',
    '834761920573',
    'x9Fw_pLr83',
  ])('%s', (text) => {
    expect(weak(text)).toBe(false);
  });

  it('of random bytes, which are no text', () => {
    expect(
      weaknessOf(Uint8Array.from([0xff, 1, 0x80, 7, 0xc3, 0x28, 99, 3, 200, 17, 90, 41])),
    ).toBeUndefined();
  });
});

describe('a weak passphrase', () => {
  const dataKey = Buffer.alloc(32, 9);
  const passphrase = Buffer.from('hunter2');

  it('wraps nothing unless that is asked for, and unwraps what it has wrapped', async () => {
    const key = createPassphraseKey({ passphrase, scrypt });
    await expect(key.wrap(dataKey, {})).rejects.toMatchObject({
      code: 'PASSPHRASE_WEAK',
      message: expect.stringContaining('fewer than 8 characters'),
    });
    const wrapped = await createPassphraseKey({ passphrase, scrypt, allowWeakPassphrase: true }).wrap(
      dataKey,
      {},
    );
    expect(Buffer.from(await key.unwrap(wrapped, {})).equals(dataKey)).toBe(true);
  });

  it('is in no message', async () => {
    const key = createPassphraseKey({ passphrase, scrypt });
    const error = await key.wrap(dataKey, {}).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('hunter2');
  });
});
