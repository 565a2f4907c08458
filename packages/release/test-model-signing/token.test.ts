import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPkcs11Signer } from '../../kms-pkcs11/dist/index.js';
import { authority, leaf, type Made } from '../test/support/authorities.ts';
import {
  certificate,
  file,
  newKey,
  newModel,
  pem,
  place,
  reference,
  signHere,
  tool,
  verifyHere,
  why,
} from './support.ts';

const token = process.env['WEIGHTSEAL_SOFTHSM2_UTIL'];
const module = process.env['WEIGHTSEAL_SOFTHSM2'];

describe.skipIf(!tool)(`a key in a token, with the reference implementation (${why})`, () => {
  let model: string;
  beforeAll(() => {
    if (!token) return;
    model = newModel();
    const tokens = place('tokens');
    mkdirSync(tokens);
    process.env['SOFTHSM2_CONF'] = file(
      'softhsm2.conf',
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`,
    );
    util('--init-token', '--free', '--label', 'models', '--pin', '1234', '--so-pin', '12345678');
  });
  const util = (...args: string[]) => execFileSync(token!, args, { stdio: 'pipe' });

  /** Their URI of it, and our signer. */
  function inToken(privateKey: string, id: string) {
    const object = ['--label', `release-${id}`, '--id', id];
    util('--import', privateKey, '--token', 'models', '--pin', '1234', ...object);
    const uri = `pkcs11:token=models;object=release-${id};id=%${id}?module-path=${module}&pin-value=1234`;
    const signer = createPkcs11Signer({ module, token: 'models', object: `release-${id}`, pin: '1234' });
    return { uri, signer };
  }

  it.skipIf(!token)(
    'signs what is verified here, and verifies what is signed here (skipped: no SoftHSM)',
    async () => {
      const [key, signature] = [newKey('P-256'), place('theirs.sig')];
      const { uri, signer } = inToken(key.privateKey, 'a1');
      const how = ['sign', 'pkcs11-key', model, '--signature', signature, '--pkcs11_uri', uri];
      expect(reference(how)).toMatchObject({ good: true });
      await verifyHere(model, signature, key.trusted);
      const ours = await signHere(model, { signer });
      expect(
        reference(['verify', 'key', model, '--signature', ours, '--public_key', key.publicKey]),
      ).toMatchObject({ good: true });
    },
  );

  describe.skipIf(!token)('with its certificate (skipped: no SoftHSM)', () => {
    let root: Made;
    let middle: Made;
    let mine: Made;
    let held: ReturnType<typeof inToken>;
    beforeAll(async () => {
      root = await authority({ name: 'CN=Root' });
      middle = await authority({ name: 'CN=Middle' }, root);
      mine = await leaf({ names: [{ type: 'dns', value: 'release.example.com' }] }, middle);
      held = inToken(file('mine.key', pem(mine.signer.privateKey)), 'b2');
    });
    const options = () => [
      ...['--signing_certificate', file('mine.pem', certificate(mine))],
      ...['--certificate_chain', file('chain.pem', certificate(middle))],
    ];
    const sign = (signature: string) => {
      const how = ['sign', 'pkcs11-certificate', model, '--signature', signature];
      return [...how, '--pkcs11_uri', held.uri, ...options()];
    };

    it('signs what is verified here, once two calls of it are mended: pkcs11-certificate.py', async () => {
      const signature = place('theirs.sig');
      // Once this fails, the reference has been mended, and is to be run as it is.
      expect(reference(sign(signature))).toMatchObject({ good: false });
      const mended = fileURLToPath(new URL('pkcs11-certificate.py', import.meta.url));
      const python = join(dirname(tool!), 'python');
      execFileSync(python, [mended, ...sign(signature)], { stdio: 'pipe' });
      const certificateOf = { roots: [root.der], identity: 'release.example.com' };
      await verifyHere(model, signature, { certificate: certificateOf });
    });

    it('verifies what is signed here', async () => {
      const ours = await signHere(model, { signer: held.signer, certificates: [mine.der, middle.der] });
      const roots = ['--certificate_chain', file('roots.pem', certificate(root))];
      expect(reference(['verify', 'certificate', model, '--signature', ours, ...roots])).toMatchObject({
        good: true,
      });
    });
  });
});
