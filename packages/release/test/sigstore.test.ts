import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  MODEL_PREDICATE,
  type SigstoreSigning,
  signStatement,
  type TrustedIdentity,
  verifyStatement,
} from '@weightseal/release';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { leftOut } from '../../core/test-system/support/thorough.ts';
import { errorOf, refused } from './support/refused.ts';
import { newSigner } from './support/signers.ts';
import { type Instance, ISSUER, startInstance, tokenOf } from './support/sigstore.ts';
import { changed, set, statement } from './support/statements.ts';

const ME = 'https://github.com/example/models/.github/workflows/release.yml@refs/heads/main';

let instance: Instance;
let elsewhere: Instance;
beforeAll(async () => {
  [instance, elsewhere] = await Promise.all([startInstance(), startInstance()]);
});
afterAll(async () => {
  await Promise.all([instance, elsewhere].map((one) => one[Symbol.asyncDispose]()));
});
beforeEach(() => {
  instance.failing.clear();
});

const sign = (rest: Partial<SigstoreSigning> = {}, payload = statement()) =>
  signStatement(payload, { sigstore: { ...instance.as(ME), ...rest } });
const verify = (bundle: Uint8Array, rest: Partial<TrustedIdentity> = {}, predicateType = MODEL_PREDICATE) =>
  verifyStatement(
    bundle,
    [{ sigstore: { identity: ME, issuer: ISSUER, trustedRoot: instance.trustedRoot, ...rest } }],
    { predicateType },
  );

type Document = {
  verificationMaterial: {
    certificate: { rawBytes: string };
    tlogEntries: Record<string, unknown>[];
    timestampVerificationData?: unknown;
  };
  dsseEnvelope: { payload: string; signatures: [{ sig: string }] };
};
function edit(bundle: Uint8Array, change: (document: Document) => void): Uint8Array {
  const document = JSON.parse(Buffer.from(bundle).toString());
  change(document);
  return Buffer.from(JSON.stringify(document));
}

describe('a signature by Sigstore', () => {
  it.each<[string, () => Partial<SigstoreSigning>]>([
    ['in a log that tells the time', () => ({})],
    ['in such a log, with a time stamp', () => ({ timestampUrl: instance.url })],
    ['in a log of version 2, with a time stamp', () => ({ rekorVersion: 2, timestampUrl: instance.url })],
    ['by whoever is asked for a token', () => ({ identityToken: async () => tokenOf(ME) })],
  ])('%s is good', async (_, how) => {
    const { signedBy, payload } = await verify(await sign(how()));
    expect(signedBy).toEqual({ kind: 'sigstore', identity: ME, issuer: ISSUER });
    expect(Buffer.from(payload)).toEqual(Buffer.from(statement()));
  });

  it('is made with the token of the environment', async () => {
    const before = process.env['SIGSTORE_ID_TOKEN'];
    process.env['SIGSTORE_ID_TOKEN'] = tokenOf(ME);
    try {
      await verify(await sign({ identityToken: undefined }));
    } finally {
      if (before === undefined) delete process.env['SIGSTORE_ID_TOKEN'];
      else process.env['SIGSTORE_ID_TOKEN'] = before;
    }
  });

  it('is of one of several who are trusted', async () => {
    const signer = newSigner();
    const here = { issuer: ISSUER, trustedRoot: instance.trustedRoot };
    const trusted = [
      { key: signer.spki },
      { sigstore: { ...here, identity: 'somebody@example.com' } },
      { sigstore: { ...here, identity: ME } },
    ];
    const { signedBy } = await verifyStatement(await sign(), trusted, { predicateType: MODEL_PREDICATE });
    expect(signedBy.kind).toBe('sigstore');
    await refused(
      () => verifyStatement(bundleOf, trusted.slice(0, 1), { predicateType: MODEL_PREDICATE }),
      'SIGNER_UNTRUSTED',
    );
  });

  let bundleOf: Uint8Array;
  beforeAll(async () => {
    bundleOf = await sign({ timestampUrl: instance.url });
  });

  it.each([
    ['part of it', ME.slice(0, -4)],
    ['a pattern', '.*'],
    ['more', `${ME}/`],
    ['in other letters', ME.toUpperCase()],
    ['anybody else', 'somebody@example.com'],
  ])('is of nobody whose identity is %s', (_, identity) =>
    refused(() => verify(bundleOf, { identity }), 'SIGNER_UNTRUSTED', /identity/),
  );

  it.each([`${ISSUER}/`, 'https://accounts.example.com', '.*'])('is of nobody whom %s has told', (issuer) =>
    refused(() => verify(bundleOf, { issuer }), 'SIGNER_UNTRUSTED', /issuer/),
  );

  it('of another instance is refused', () =>
    refused(
      () => verify(bundleOf, { trustedRoot: elsewhere.trustedRoot }),
      /* its time stamps are, first */ 'SIGNATURE_REJECTED',
    ));

  it('of another instance, with no time stamp, is refused', async () => {
    const bundle = await sign();
    await refused(() => verify(bundle, { trustedRoot: elsewhere.trustedRoot }), 'CERTIFICATE_UNTRUSTED');
  });

  it('about something else is given to whoever asks for that', async () => {
    const other = await sign({}, changed(set('predicateType', 'https://example.com/other')));
    await refused(() => verify(other), 'SIGNATURE_INVALID', /something else/);
    await verify(other, {}, 'https://example.com/other');
  });

  it('without an entry of a log is no signature of its kind', async () => {
    const bare = edit(bundleOf, ({ verificationMaterial }) => {
      verificationMaterial.tlogEntries = [];
    });
    await refused(() => verify(bare), 'SIGNATURE_INVALID', /no entry of a log/);
  });

  it('that nothing proves the time of is refused, since its certificate was valid for minutes', async () => {
    const timeless = edit(await sign({ rekorVersion: 2, timestampUrl: instance.url }), (document) => {
      delete document.verificationMaterial.timestampVerificationData;
    });
    await refused(() => verify(timeless), 'CERTIFICATE_EXPIRED', /Nothing proves when/);
  });

  it('with a time that the log has not signed is refused', async () => {
    for (const integratedTime of ['1', String(Math.floor(Date.now() / 1000) + 86_400)]) {
      const moved = edit(await sign(), ({ verificationMaterial }) => {
        verificationMaterial.tlogEntries[0]!['integratedTime'] = integratedTime;
      });
      const error = await errorOf(() => verify(moved));
      expect(error.class).toBe('trust');
    }
  });

  it('is rejected for another payload, another signature, another certificate and another entry', async () => {
    const [one, two] = [bundleOf, await sign({ timestampUrl: instance.url })].map((bytes) =>
      JSON.parse(Buffer.from(bytes).toString()),
    ) as [Document, Document];
    const [mine, theirs] = [one.verificationMaterial, two.verificationMaterial];
    const payload = Buffer.from(changed(set('x', 1))).toString('base64');
    for (const change of [
      { ...one, dsseEnvelope: { ...one.dsseEnvelope, payload } },
      { ...one, dsseEnvelope: { ...one.dsseEnvelope, signatures: two.dsseEnvelope.signatures } },
      { ...one, dsseEnvelope: two.dsseEnvelope },
      { ...one, verificationMaterial: { ...mine, certificate: theirs.certificate } },
      { ...one, verificationMaterial: { ...mine, tlogEntries: theirs.tlogEntries } },
      {
        ...one,
        verificationMaterial: { ...mine, timestampVerificationData: theirs.timestampVerificationData },
      },
    ]) {
      const { code } = await errorOf(() => verify(Buffer.from(JSON.stringify(change))));
      // The certificate of a second later had not begun.
      expect(['SIGNATURE_REJECTED', 'CERTIFICATE_EXPIRED']).toContain(code);
    }
  });

  it('is refused with an entry twice', async () => {
    const twice = edit(bundleOf, ({ verificationMaterial }) => {
      verificationMaterial.tlogEntries.push(verificationMaterial.tlogEntries[0]!);
    });
    await refused(() => verify(twice), 'SIGNATURE_REJECTED');
  });

  it('that is changed in any byte is refused, but where nobody has signed the proof', {
    timeout: 900_000,
  }, async () => {
    const text = Buffer.from(bundleOf).toString();
    const proofs = [text.indexOf('"tlogEntries"'), text.indexOf('"dsseEnvelope"')] as const;
    // Each costs several signatures, so it is one byte in nine; by `test:thorough`, which CI calls, all but six in seven of the proofs.
    for (let at = 0; at < bundleOf.length; at += leftOut ? 9 : 1) {
      const inProofs = at >= proofs[0] && at < proofs[1];
      if (!leftOut && inProofs && at % 7 !== 0) continue;
      const copy = Buffer.from(bundleOf);
      copy[at]! ^= 1 << (at % 8);
      try {
        // Such as where in the log the entry is.
        const { signedBy, payload } = await verify(copy);
        expect(inProofs, `byte ${at} was changed`).toBe(true);
        expect([signedBy, Buffer.from(payload)]).toEqual([
          { kind: 'sigstore', identity: ME, issuer: ISSUER },
          Buffer.from(statement()),
        ]);
      } catch (error) {
        expect(error).toMatchObject({ name: 'WeightsealError', class: 'trust' });
      }
    }
  });
});

describe('signing by Sigstore', () => {
  it.each([
    ['that is none', 'nothing'],
    [
      'whose e-mail address nobody has verified',
      tokenOf(ME).replace(
        /\..*\./,
        `.${Buffer.from(JSON.stringify({ email: 'a@b' })).toString('base64url')}.`,
      ),
    ],
  ])('is refused with a token %s, and nobody sees it', async (_, identityToken) => {
    const error = await errorOf(() => sign({ identityToken }));
    expect(error.code).toBe('KEY_DENIED');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(identityToken);
  });

  it('is refused without a token', async () => {
    const before = { ...process.env };
    for (const name of ['ACTIONS_ID_TOKEN_REQUEST_URL', 'BUILDKITE', 'SIGSTORE_ID_TOKEN'])
      delete process.env[name];
    try {
      await refused(() => sign({ identityToken: undefined }), 'KEY_DENIED', /No identity provider/);
      await refused(() => sign({ identityToken: () => Promise.reject(new Error('no')) }), 'KEY_DENIED');
    } finally {
      Object.assign(process.env, before);
    }
  });

  it.each([
    ['/api/v2/signingCert', 401, 'KEY_DENIED'],
    ['/api/v2/signingCert', 503, 'KEY_UNAVAILABLE'],
    ['/api/v1/log/entries', 400, 'KEY_DENIED'],
    ['/api/v1/log/entries', 500, 'KEY_UNAVAILABLE'],
    ['/api/v1/timestamp', 404, 'KEY_UNAVAILABLE'],
  ] as const)('fails where %s answers %i', async (path, status, code) => {
    instance.failing.set(path, status);
    const error = await errorOf(() => sign({ timestampUrl: instance.url }));
    expect(error.code).toBe(code);
    expect(inspect(error, { depth: 10 })).not.toContain(tokenOf(ME).split('.')[0]);
  });

  it('fails where nobody is', () =>
    refused(() => sign({ fulcioUrl: 'http://127.0.0.1:1' }), 'KEY_UNAVAILABLE'));

  it('ends when its caller aborts', async () => {
    const controller = new AbortController();
    const identityToken = () => {
      controller.abort();
      return tokenOf(ME);
    };
    const how = { sigstore: { ...instance.as(ME), identityToken } };
    await refused(() => signStatement(statement(), how, { signal: controller.signal }), 'ABORTED');
  });

  it('takes no options that it does not know, and no log that tells no time', async () => {
    await refused(() => sign({ rekorVersion: 3 as never }), 'INVALID_ARGUMENT');
    await refused(() => sign({ rekorVersion: 2 }), 'INVALID_ARGUMENT', /timestampUrl/);
    await refused(() => sign({ fulcioURL: 'x' } as never), 'INVALID_ARGUMENT', /fulcioUrl/);
  });
});

describe('a trusted root', () => {
  it('may be given as what it holds', async () => {
    const bundle = await sign();
    await verify(bundle, { trustedRoot: await readFile(instance.trustedRoot) });
    const other = { trustedRoot: await readFile(elsewhere.trustedRoot) };
    await refused(() => verify(bundle, other), 'CERTIFICATE_UNTRUSTED');
    await refused(() => verify(bundle, { trustedRoot: Buffer.from('{') }), 'CONFIG_INVALID');
    await refused(() => verify(bundle, { trustedRoot: 5 as never }), 'INVALID_ARGUMENT');
  });

  it('that is none, or not there, is told', async () => {
    const bundle = await sign();
    const path = join(mkdtempSync(join(tmpdir(), 'root-')), 'trusted_root.json');
    await refused(() => verify(bundle, { trustedRoot: path }), 'INPUT_NOT_FOUND');
    for (const text of [
      '',
      '{',
      '[]',
      '{"tlogs":[{}]}',
      '{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"AA=="}]}}]}',
    ]) {
      writeFileSync(path, text);
      const error = await errorOf(() => verify(bundle, { trustedRoot: path }));
      // One that is JSON and trusts nobody is a root.
      expect(['CONFIG_INVALID', 'CERTIFICATE_UNTRUSTED'], `${text}: ${error.message}`).toContain(error.code);
    }
  });
});
