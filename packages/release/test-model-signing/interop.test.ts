import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resourcesOfDirectory, signStatement, statementOf } from '@weightseal/release';
import { beforeAll, describe, expect, it } from 'vitest';
import { authority, DAY, leaf, type Made, SERVER } from '../test/support/authorities.ts';
import { refused } from '../test/support/refused.ts';

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

describe.skipIf(!tool)(`the reference implementation (${why})`, () => {
  let model: string;
  beforeAll(() => {
    model = newModel();
  });

  describe.each(['P-256', 'P-384', 'P-521'])('with a key of %s', (curve) => {
    const verify = (signature: string, publicKey: string, of = model) =>
      reference(['verify', 'key', of, '--signature', signature, '--public_key', publicKey]);

    it('verifies what is signed here', async () => {
      const key = newKey(curve);
      const signature = await signHere(model, { signer: key.signer });
      expect(verify(signature, key.publicKey)).toMatchObject({ good: true });
      expect(verify(signature, newKey(curve).publicKey)).toMatchObject({ good: false });
    });

    it('signs what is verified here', async () => {
      const key = newKey(curve);
      const signature = place('theirs.sig');
      const signed = reference([
        'sign',
        'key',
        model,
        '--signature',
        signature,
        '--private_key',
        key.privateKey,
      ]);
      expect(signed).toMatchObject({ good: true });
      await verifyHere(model, signature, key.trusted);
      await refused(() => verifyHere(model, signature, newKey(curve).trusted), 'SIGNER_UNTRUSTED');
    });
  });

  describe('with certificates', () => {
    let root: Made;
    let middle: Made;
    beforeAll(async () => {
      root = await authority({ name: 'CN=Root' });
      middle = await authority({ name: 'CN=Middle' }, root);
    });

    const verify = (signature: string, roots: Made) =>
      reference([
        'verify',
        'certificate',
        model,
        '--signature',
        signature,
        '--certificate_chain',
        file('roots.pem', certificate(roots)),
      ]);
    const sign = (mine: Made) => {
      const signature = place('theirs.sig');
      const args = [
        '--private_key',
        file('key.pem', pem(mine.signer.privateKey)),
        '--signing_certificate',
        file('mine.pem', certificate(mine)),
      ];
      const chain = ['--certificate_chain', file('chain.pem', certificate(middle))];
      expect(
        reference(['sign', 'certificate', model, '--signature', signature, ...args, ...chain]),
      ).toMatchObject({ good: true });
      return signature;
    };
    const trusted = (...roots: Made[]) => ({
      certificate: { roots: roots.map(({ der }) => der), identity: 'release.example.com' },
    });
    const named = { names: [{ type: 'dns', value: 'release.example.com' }] } as const;

    it.each(['P-256', 'P-384', 'P-521'])(
      'of %s it verifies what is signed here, and signs what is verified here',
      async (namedCurve) => {
        const mine = await leaf(
          { ...named, names: [...named.names], key: { name: 'ECDSA', namedCurve } },
          middle,
        );
        const certificates = [mine.der, middle.der];
        const ours = await signHere(model, { signer: mine.signer, certificates });
        expect(verify(ours, root)).toMatchObject({ good: true });
        expect(verify(ours, await authority({ name: 'CN=Root' }))).toMatchObject({ good: false });
        const theirs = sign(mine);
        await verifyHere(model, theirs, trusted(root));
        await refused(
          async () => verifyHere(model, theirs, trusted(await authority({ name: 'CN=Root' }))),
          'CERTIFICATE_UNTRUSTED',
        );
      },
    );

    it('that have ended since takes them, as is done here', async () => {
      const mine = await leaf({ from: -3 * DAY, until: -2 * DAY, names: [...named.names] }, middle);
      const theirs = sign(mine);
      expect(verify(theirs, root)).toMatchObject({ good: true });
      await verifyHere(model, theirs, trusted(root));
    });

    it('refuses what is refused here, but for a certificate of a server', async () => {
      const late = await authority({ name: 'CN=Middle', from: -DAY / 2 }, root);
      const weak = await authority({ name: 'CN=Middle', authority: false }, root);
      for (const [issuer, code] of [
        [late, 'CERTIFICATE_NOT_YET_VALID'],
        [weak, 'CERTIFICATE_INVALID'],
      ] as const) {
        const kept = middle;
        middle = issuer;
        const theirs = sign(await leaf({ names: [...named.names] }, issuer));
        middle = kept;
        expect(verify(theirs, root)).toMatchObject({ good: false });
        await refused(() => verifyHere(model, theirs, trusted(root)), code);
      }
      const server = sign(await leaf({ names: [...named.names], purposes: [SERVER] }, middle));
      expect(verify(server, root)).toMatchObject({ good: true });
      await refused(() => verifyHere(model, server, trusted(root)), 'CERTIFICATE_USAGE');
    });
  });

  describe('of a model that has changed', () => {
    const changes: [string, (model: string) => void, RegExp][] = [
      ['in a file', (of) => writeFileSync(join(of, 'config.json'), '[]'), /changed: "config\.json"/],
      [
        'by a file more',
        (of) => writeFileSync(join(of, 'shards', 'more.py'), ''),
        /extra: "shards\/more\.py"/,
      ],
      ['by a file less', (of) => rmSync(join(of, '日本語/モデル')), /missing/],
      [
        'to a link',
        (of) => {
          rmSync(join(of, 'config.json'));
          symlinkSync('.hidden', join(of, 'config.json'));
        },
        /is a link/,
      ],
    ];
    it.each(changes)('%s says so, as is done here', async (_, change, said) => {
      const [of, key] = [newModel(), newKey('P-256')];
      const ours = await signHere(of, { signer: key.signer });
      const theirs = place('theirs.sig');
      reference(['sign', 'key', of, '--signature', theirs, '--private_key', key.privateKey]);
      change(of);
      for (const signature of [ours, theirs]) {
        expect(
          reference(['verify', 'key', of, '--signature', signature, '--public_key', key.publicKey]),
        ).toMatchObject({ good: false });
        await refused(() => verifyHere(of, signature, key.trusted), 'MANIFEST_MISMATCH', said);
      }
    });
  });

  it('takes links to files for files where that is allowed, as is done here', async () => {
    const [of, key] = [newModel(), newKey('P-256')];
    symlinkSync(file('blob', 'weights'), join(of, 'linked.bin'));
    const theirs = place('theirs.sig');
    const signed = ['sign', 'key', of, '--signature', theirs, '--private_key', key.privateKey];
    expect(reference(signed)).toMatchObject({ good: false });
    expect(reference([...signed, '--allow_symlinks'])).toMatchObject({ good: true });
    await verifyHere(of, theirs, key.trusted);
    const ours = await signHere(of, { signer: key.signer }, true);
    const verified = ['verify', 'key', of, '--signature', ours, '--public_key', key.publicKey];
    expect(reference([...verified, '--allow_symlinks'])).toMatchObject({ good: true });
  });

  it('passes over the signature where that lies in the model, as is done here', async () => {
    const [of, key] = [newModel(), newKey('P-256')];
    const inside = join(of, 'model.sig');
    const ignored = ['--ignore-paths', join(of, 'shards')];
    reference(['sign', 'key', of, '--signature', inside, '--private_key', key.privateKey, ...ignored]);
    writeFileSync(join(of, 'shards', 'more.bin'), 'passed over');
    await verifyHere(of, inside, key.trusted);
    const resources = await resourcesOfDirectory(of, { ignorePaths: ['.git', 'model.sig'] });
    const payload = statementOf(resources, { name: 'model', ignorePaths: ['.git', 'model.sig'] });
    writeFileSync(inside, await signStatement(payload, { signer: key.signer }));
    expect(
      reference(['verify', 'key', of, '--signature', inside, '--public_key', key.publicKey]),
    ).toMatchObject({ good: true });
    await verifyHere(of, inside, key.trusted);
  });
});
