import { writeFile } from 'node:fs/promises';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { createPassphraseKey, passphraseKeyFromUri } from '@weightseal/kms-local';
import { describe, it } from 'vitest';
import { BREAKS, DENIES, HANGS } from './backend.js';
import { temporary } from './temporary.js';

const path = await temporary();
const passphrase = Buffer.from('correct horse battery staple');
/** The least that there is: what it costs is no part of the contract. */
const scrypt = { N: 2 ** 14, r: 1, p: 1 };
const fromFile = (file: string, deadlineMs = 60_000) =>
  passphraseKeyFromUri(`passphrase:${file}`, { scrypt, deadlineMs });

keyWrapperContract(
  { describe, it },
  {
    name: 'a passphrase',
    without: { rotate: 'it has one version', disabled: 'it cannot be switched off' },
    async setup() {
      const file = path();
      await writeFile(file, passphrase, { mode: 0o600 });
      return {
        wrapper: fromFile(file),
        otherKey: createPassphraseKey({ passphrase: Buffer.from('another one'), scrypt }),
        slow: fromFile(path(HANGS), 400),
        missing: fromFile(path()),
        denied: fromFile(path(DENIES)),
        unavailable: fromFile(path(BREAKS)),
        secrets: async () => [passphrase],
      };
    },
  },
);
