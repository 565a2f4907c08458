import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { signerContract } from '@weightseal/kms-contract';
import { createPemSigner, generatePemKey, pemSignerFromUri } from '@weightseal/kms-local';
import { describe, it } from 'vitest';
import { BREAKS, DENIES, HANGS, opened } from './backend.js';
import { temporary } from './temporary.js';

const path = await temporary();

/** The private number itself, however an error might spell it. */
const scalar = (pem: string) => Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64').subarray(36, 68);

const failing = async () => {
  const unfit = path();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  await writeFile(unfit, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return {
    unfit: createPemSigner({ path: unfit }),
    slow: createPemSigner({ path: path(HANGS), deadlineMs: 400 }),
    missing: createPemSigner({ path: path() }),
    denied: createPemSigner({ path: path(DENIES) }),
    unavailable: createPemSigner({ path: path(BREAKS) }),
  };
};

signerContract(
  { describe, it },
  {
    name: 'a private key in PEM',
    without: { disabled: 'a file cannot be switched off' },
    async setup() {
      const { uri } = await generatePemKey(path());
      const file = uri.slice('pem:'.length);
      return {
        signer: pemSignerFromUri(uri),
        asked: () => opened.get(file) ?? 0,
        ...(await failing()),
        secrets: async () => [scalar(await readFile(file, 'latin1'))],
      };
    },
  },
);

const PASSPHRASE = Buffer.from('nine unrelated words, of which these are four');

signerContract(
  { describe, it },
  {
    name: 'an encrypted Ed25519 key in PEM',
    without: { disabled: 'a file cannot be switched off' },
    async setup() {
      const file = path();
      const { privateKey } = generateKeyPairSync('ed25519');
      const options = {
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: PASSPHRASE,
      } as const;
      await writeFile(file, privateKey.export(options as never), { mode: 0o600 });
      let asked = 0;
      const passphrase = async () => {
        asked++;
        return Uint8Array.from(PASSPHRASE);
      };
      const wrong = createPemSigner({ path: file, passphrase: Buffer.from('a wrong one, of some length') });
      return {
        signer: createPemSigner({ path: file, passphrase }),
        asked: () => asked,
        ...(await failing()),
        denied: wrong,
        secrets: async () => [PASSPHRASE, Buffer.from('a wrong one, of some length')],
      };
    },
  },
);
