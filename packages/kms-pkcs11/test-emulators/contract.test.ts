import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { createPkcs11Key } from '@weightseal/kms-pkcs11';
import { it } from 'vitest';
import { CKA } from '../src/cryptoki/constants.js';
import {
  createToken,
  describeOnSoftHsm as describe,
  directory,
  importKey,
  library,
} from './support/softhsm.js';
import { generateSpecialKey } from './support/special-key.js';

const name = 'an HSM by PKCS#11 (SoftHSM2)';
const hanging = join(directory, 'hanging.so');
const DISABLED = 'disabled';

if (library === '') {
  describe(`${name} keeps the KeyWrapper contract`, () => it('on SoftHSM2', () => {}));
} else {
  const token = createToken();
  const other = createToken();
  // The loader waits for a writer for ever, as for a library on a dead mount.
  execFileSync('mkfifo', [hanging]);
  await generateSpecialKey(token, [
    [CKA.LABEL, Buffer.from(DISABLED)],
    [CKA.ID, Uint8Array.of(1)],
    [CKA.VALUE_LEN, 32],
    [CKA.ENCRYPT, false],
    [CKA.DECRYPT, false],
  ]);
  keyWrapperContract(
    { describe, it },
    {
      name,
      async setup() {
        const key = importKey(token);
        const options = { module: library, token: token.label, object: key.label, pin: token.pin };
        const wrapper = createPkcs11Key(options);
        return {
          wrapper,
          otherKey: createPkcs11Key({ ...options, object: importKey(token).label }),
          rotate: () => wrapper.rotate(),
          slow: createPkcs11Key({ ...options, module: hanging, deadlineMs: 800 }),
          missing: createPkcs11Key({ ...options, object: 'nothing' }),
          denied: createPkcs11Key({ ...options, token: other.label, pin: 'a wrong PIN, 24 characters' }),
          disabled: createPkcs11Key({ ...options, object: DISABLED }),
          unavailable: createPkcs11Key({ ...options, module: '/nowhere/libhsm.so' }),
          secrets: async () => [
            key.secret,
            Buffer.from(token.pin),
            Buffer.from('a wrong PIN, 24 characters'),
          ],
        };
      },
    },
  );
}
