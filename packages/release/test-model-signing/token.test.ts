import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { file, newKey, newModel, place, reference, tool, verifyHere, why } from './support.ts';

const token = process.env['WEIGHTSEAL_SOFTHSM2_UTIL'];

describe.skipIf(!tool)(`a key in a token, with the reference implementation (${why})`, () => {
  let model: string;
  beforeAll(() => {
    model = newModel();
  });

  // With a certificate beside it (`pkcs11-certificate`) version 1.1.1 signs nothing: it hands DER to a library of it that wants base64.
  it.skipIf(!token)('signs what is verified here (skipped: no SoftHSM)', async () => {
    const [key, tokens, signature] = [newKey('P-256'), place('tokens'), place('theirs.sig')];
    mkdirSync(tokens);
    const configuration = `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`;
    const env = { ...process.env, SOFTHSM2_CONF: file('softhsm2.conf', configuration) };
    const util = (...args: string[]) => execFileSync(token!, args, { env, stdio: 'pipe' });
    util('--init-token', '--free', '--label', 'models', '--pin', '1234', '--so-pin', '12345678');
    const object = ['--label', 'release', '--id', 'a1'];
    util('--import', key.privateKey, '--token', 'models', '--pin', '1234', ...object);
    const uri = `pkcs11:token=models;object=release;id=%a1?module-path=${process.env['WEIGHTSEAL_SOFTHSM2']}&pin-value=1234`;
    const how = ['sign', 'pkcs11-key', model, '--signature', signature, '--pkcs11_uri', uri];
    expect(reference(how, env)).toMatchObject({ good: true });
    await verifyHere(model, signature, key.trusted);
  });
});
