import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debian, debianVersion } from './install.mjs';

const token = { label: 'weightseal', pin: '123456', soPin: '12345678' };

export default {
  name: 'softhsm2',
  provider: 'kms-pkcs11',
  version: debianVersion('softhsm2'),
  programs: [debian('libsofthsm2', 'libsofthsm2.so'), debian('softhsm2', 'softhsm2-util')],
  /** A library, no server: a token in a folder is all that there is to start. */
  async start([library, util], { directory }) {
    const tokens = join(directory, 'tokens');
    const configuration = join(directory, 'softhsm2.conf');
    mkdirSync(tokens);
    writeFileSync(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
    const pins = ['--pin', token.pin, '--so-pin', token.soPin];
    execFileSync(util, ['--init-token', '--free', '--label', token.label, ...pins], {
      env: { ...process.env, SOFTHSM2_CONF: configuration },
      stdio: 'pipe',
    });
    return {
      SOFTHSM2_CONF: configuration,
      WEIGHTSEAL_EMULATOR_SOFTHSM2: library,
      WEIGHTSEAL_EMULATOR_SOFTHSM2_UTIL: util,
      WEIGHTSEAL_EMULATOR_SOFTHSM2_TOKEN: token.label,
      WEIGHTSEAL_EMULATOR_SOFTHSM2_PIN: token.pin,
    };
  },
};
