import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { createPemSigner, generatePemKey, pemSignerFromUri } from '@weightseal/kms-local';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporary } from './temporary.js';

const path = await temporary();
const MESSAGE = Buffer.from('a model');
const PASSPHRASE = Buffer.from('four words that count');
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const code = (expected: string) => expect.objectContaining({ code: expected });

afterEach(() => vi.unstubAllEnvs());

const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1', passphrase?: Uint8Array): string =>
  String(
    key.export({
      type,
      format: 'pem',
      ...(passphrase && { cipher: 'aes-256-cbc', passphrase: Buffer.from(passphrase) }),
    } as never),
  );

async function file(content: string | Uint8Array, mode = 0o600): Promise<string> {
  const at = path();
  await writeFile(at, content, { mode });
  await chmod(at, mode);
  return at;
}

describe('a private key in PEM signs', () => {
  const curves = ['P-256', 'P-384', 'P-521'].map((namedCurve) => generateKeyPairSync('ec', { namedCurve }));
  const forms = [
    ...curves.flatMap(({ privateKey }) => [
      ['PKCS#8', privateKey, pem(privateKey, 'pkcs8'), undefined] as const,
      ['SEC1', privateKey, pem(privateKey, 'sec1'), undefined] as const,
      ['PKCS#8, encrypted', privateKey, pem(privateKey, 'pkcs8', PASSPHRASE), PASSPHRASE] as const,
      ['SEC1, encrypted', privateKey, pem(privateKey, 'sec1', PASSPHRASE), PASSPHRASE] as const,
    ]),
    ['PKCS#1', RSA.privateKey, pem(RSA.privateKey, 'pkcs1'), undefined],
    ['PKCS#8', RSA.privateKey, pem(RSA.privateKey, 'pkcs8'), undefined],
    ['PKCS#1, encrypted', RSA.privateKey, pem(RSA.privateKey, 'pkcs1', PASSPHRASE), PASSPHRASE],
    [
      'SEC1 after its parameters',
      EC.privateKey,
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(EC.privateKey, 'sec1')}`,
      undefined,
    ],
    ['lines as on Windows', EC.privateKey, pem(EC.privateKey, 'pkcs8').replaceAll('\n', '\r\n'), undefined],
    ['text before it', EC.privateKey, `Bag Attributes\n  none\n${pem(EC.privateKey, 'pkcs8')}`, undefined],
  ] as const;

  it.each(forms)('%s', async (_, key, text, passphrase) => {
    const at = await file(text);
    const publicKey = createPublicKey(key);
    const hash = publicKey.asymmetricKeyDetails?.namedCurve;
    const digest = hash === 'secp384r1' ? 'sha384' : hash === 'secp521r1' ? 'sha512' : 'sha256';
    for (const given of [
      { path: at },
      { path: pathToFileURL(at) },
      { pem: text },
      { pem: Buffer.from(text) },
    ]) {
      const signer = createPemSigner({ ...given, passphrase });
      expect(signer.uri).toBe('path' in given ? `pem:${at}` : 'pem:');
      expect(verify(digest, MESSAGE, publicKey, await signer.sign(MESSAGE))).toBe(true);
    }
  });
});

describe('the passphrase of an encrypted key', () => {
  const encrypted = pem(EC.privateKey, 'pkcs8', PASSPHRASE);

  it('is asked for once, wiped, and not at all for a key that is not encrypted', async () => {
    const given: Uint8Array[] = [];
    const prompt = async () => {
      given.push(Uint8Array.from(PASSPHRASE));
      return given.at(-1)!;
    };
    const signer = pemSignerFromUri(`pem:${await file(encrypted)}`, { prompt });
    await signer.publicKey();
    await signer.sign(MESSAGE);
    expect(given).toEqual([new Uint8Array(PASSPHRASE.length)]);
    await pemSignerFromUri(`pem:${await file(pem(EC.privateKey, 'pkcs8'))}`, { prompt }).sign(MESSAGE);
    expect(given.length).toBe(1);
  });

  it('comes from a file, the environment or a person, in this order', async () => {
    const at = await file(encrypted);
    const no = async () => Uint8Array.from(Buffer.from('no'));
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', 'no');
    const passphraseFile = await file(`${PASSPHRASE}\n`);
    await pemSignerFromUri(`pem:${at}`, { passphraseFile, prompt: no }).sign(MESSAGE);
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', PASSPHRASE.toString());
    await pemSignerFromUri(`pem:${at}`, { prompt: no }).sign(MESSAGE);
    await createPemSigner({ path: at }).sign(MESSAGE);
  });

  it('a person has more time for it than a call', async () => {
    const prompt = () =>
      new Promise<Uint8Array>((resolve) => setTimeout(() => resolve(Uint8Array.from(PASSPHRASE)), 600));
    await pemSignerFromUri(`pem:${await file(encrypted)}`, { prompt, deadlineMs: 300 }).sign(MESSAGE);
  });

  it('that is missing, empty, wrong or exposed is said, and asked for again', async () => {
    const at = await file(encrypted);
    vi.stubEnv('WEIGHTSEAL_PASSPHRASE', '');
    await expect(createPemSigner({ path: at }).sign(MESSAGE)).rejects.toEqual(code('PASSPHRASE_REQUIRED'));
    const empty = createPemSigner({ path: at, passphrase: new Uint8Array() });
    await expect(empty.sign(MESSAGE)).rejects.toEqual(code('PASSPHRASE_REQUIRED'));
    const passphraseFile = await file(PASSPHRASE, 0o644);
    const open = pemSignerFromUri(`pem:${at}`, { passphraseFile });
    await expect(open.sign(MESSAGE)).rejects.toEqual(code('KEY_FILE_EXPOSED'));
    const answers = [Buffer.from('wrong'), PASSPHRASE];
    const prompt = async () => Uint8Array.from(answers.shift()!);
    const signer = pemSignerFromUri(`pem:${at}`, { prompt });
    await expect(signer.sign(MESSAGE)).rejects.toEqual(code('KEY_DENIED'));
    await signer.sign(MESSAGE);
  });
});

describe('a file that holds no private key to sign with', () => {
  const ed448 = pem(generateKeyPairSync('ed448').privateKey, 'pkcs8');
  const weak = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8');
  const { publicKey } = EC;
  const cases = [
    ['is empty', '', 'KEY_FILE_INVALID', 'no PEM'],
    ['is something else', 'weightseal-key 1', 'KEY_FILE_INVALID', 'no PEM'],
    [
      'is a public key',
      publicKey.export({ type: 'spki', format: 'pem' }),
      'KEY_FILE_INVALID',
      'no private key',
    ],
    [
      'has two',
      pem(EC.privateKey, 'pkcs8') + pem(RSA.privateKey, 'pkcs8'),
      'KEY_FILE_INVALID',
      'more than one',
    ],
    ['is of OpenSSH', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n', 'KEY_FILE_INVALID', 'ssh-keygen'],
    [
      'is of cosign',
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n',
      'KEY_FILE_INVALID',
      'none of the forms',
    ],
    ['was cut', pem(EC.privateKey, 'pkcs8').slice(0, 100), 'KEY_FILE_INVALID', 'damaged'],
    ['is too long', 'x'.repeat(64 * 1024 + 1), 'KEY_FILE_INVALID', '65536 bytes'],
    ['is of Ed448', ed448, 'SIGNING_KEY_UNFIT', 'ed448'],
    ['is of 1024 bits', weak, 'SIGNING_KEY_UNFIT', '1024'],
  ] as const;

  it.each(cases)('%s', async (_, content, expected, said) => {
    const at = await file(String(content));
    for (const call of ['sign', 'publicKey'] as const) {
      const made = createPemSigner({ path: at })[call](MESSAGE as never);
      await expect(made).rejects.toMatchObject({ code: expected, message: expect.stringContaining(said) });
    }
  });

  it('never shows what it holds', async () => {
    const text = pem(EC.privateKey, 'pkcs8').replace('MIG', 'MIH');
    const error = await createPemSigner({ path: await file(text) })
      .sign(MESSAGE)
      .then(String, String);
    for (const line of text.split('\n').slice(1, -2)) expect(error).not.toContain(line);
  });

  it('is refused where others can read it', async () => {
    const at = await file(pem(EC.privateKey, 'pkcs8'), 0o644);
    await expect(createPemSigner({ path: at }).sign(MESSAGE)).rejects.toEqual(code('KEY_FILE_EXPOSED'));
  });
});

describe('what is made of options', () => {
  it.each([
    ['neither path nor PEM', {}],
    ['both', { path: 'a', pem: 'b' }],
    ['a passphrase as text', { path: 'a', passphrase: 'secret' }],
    ['an option that is not known', { path: 'a', passphraze: 'secret' }],
    ['a path that no URI can name', { path: 'a?b' }],
    ['no time', { path: 'a', deadlineMs: 0 }],
  ])('nothing of %s', (_, options) => {
    expect(() => createPemSigner(options as never)).toThrow(code('INVALID_ARGUMENT'));
  });

  it.each(['pem:', 'pem://host/path', 'pem:a#b', 'local:a', 'pem:~/a', `pem:${'0'.repeat(64)}`])(
    'nothing of the URI %s',
    (uri) => {
      expect(() => pemSignerFromUri(uri)).toThrow(code('KEY_URI_INVALID'));
    },
  );
});

describe('a new private key', () => {
  it('is PKCS#8 of P-256 as OpenSSL writes it, for its owner only, and its public key is the one that is told', async () => {
    for (let i = 0; i < 20; i++) {
      const at = path();
      const { uri, publicKey, publicKeyPem } = await generatePemKey(at);
      expect(uri).toBe(`pem:${at}`);
      const text = await readFile(at, 'latin1');
      const key = createPrivateKey(text);
      expect(text).toBe(pem(key, 'pkcs8'));
      expect(key.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
      expect((await stat(at)).mode & 0o777).toBe(0o600);
      expect(createPublicKey(key).export({ type: 'spki', format: 'pem' })).toBe(publicKeyPem);
      expect(await pemSignerFromUri(uri).publicKey()).toEqual(publicKey);
    }
  });

  it('never stands where something stood', async () => {
    const at = await file('something else');
    await expect(generatePemKey(at)).rejects.toEqual(code('OUTPUT_EXISTS'));
    expect(await readFile(at, 'utf8')).toBe('something else');
    await expect(generatePemKey(`${path()}/deeper`)).rejects.toEqual(code('IO_ERROR'));
    await expect(generatePemKey('a?b')).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});
