import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isWeightsealError,
  MANIFEST_NAME,
  openBundle,
  rewrapBundle,
  SIGNATURE_NAME,
  type WeightsealError,
} from '@weightseal/core';
import { createTrust, type TrustRule } from '@weightseal/release';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { refused } from './support/refused.ts';
import {
  manifestOf,
  opened,
  refusedUnasked,
  released,
  resourcesOf,
  sealed,
  sign,
} from './support/releases.ts';
import { newSigner } from './support/signers.ts';

const signer = newSigner();
const stranger = newSigner();
const signers = [{ key: signer.spki }];
const policy = (more: Partial<TrustRule> = {}) => createTrust([{ model: 'acme/*', signers, ...more }]);

describe('what somebody who is trusted has released', () => {
  test('is opened, and its key is asked', async () => {
    const key = await opened(await released(signer), policy());
    expect(key.unwraps).toBe(1);
  });

  test('is opened after a rewrap, which asks the judge as well', async () => {
    const bundle = await released(signer);
    const keys = [new MemoryKey('one')];
    await rewrapBundle(bundle, { keys, add: [new MemoryKey('two')], trust: policy() });
    await opened(bundle, policy());
    await rm(join(bundle, SIGNATURE_NAME));
    const asked = new MemoryKey('one');
    await refused(
      () => rewrapBundle(bundle, { keys: [asked], add: [new MemoryKey('three')], trust: policy() }),
      'SIGNATURE_MISSING',
    );
    expect(asked.calls).toBe(0);
  });
});

describe('refused before any key is asked', () => {
  test('what has no signature', async () => {
    await refusedUnasked(await sealed(), policy(), 'SIGNATURE_MISSING', /weightseal sign/);
  });

  test('what has no manifest', async () => {
    const bundle = await released(signer);
    await rm(join(bundle, MANIFEST_NAME));
    await refusedUnasked(bundle, policy(), 'MANIFEST_MISSING');
  });

  test('what a stranger has signed', async () => {
    await refusedUnasked(await released(stranger), policy(), 'SIGNER_UNTRUSTED');
  });

  test('what two have signed: one more signature is no signature of Model Signing', async () => {
    const bundle = await released(signer);
    const path = join(bundle, SIGNATURE_NAME);
    const document = JSON.parse(await readFile(path, 'utf8'));
    document.dsseEnvelope.signatures.push(document.dsseEnvelope.signatures[0]);
    await writeFile(path, JSON.stringify(document));
    await refusedUnasked(bundle, policy(), 'SIGNATURE_INVALID');
  });

  test('the signature of another release of the same signer', async () => {
    const [old, now] = [await released(signer, { text: 'old' }), await released(signer, { text: 'new' })];
    await copyFile(join(old, SIGNATURE_NAME), join(now, SIGNATURE_NAME));
    await refusedUnasked(now, policy(), 'SIGNATURE_MISMATCH', /another weightseal\.manifest\.json/);
  });

  test('the manifest and signature of another release', async () => {
    const [old, now] = [await released(signer, { text: 'old' }), await released(signer, { text: 'new' })];
    for (const name of [MANIFEST_NAME, SIGNATURE_NAME]) await copyFile(join(old, name), join(now, name));
    await refusedUnasked(now, policy(), 'MANIFEST_MISMATCH');
  });

  test('a signature of fewer, more or other files than the manifest has', async () => {
    const bundle = await sealed();
    const all = await resourcesOf(bundle);
    const other = 'ab'.repeat(32);
    const cases = [
      all.filter(({ name }) => name !== MANIFEST_NAME),
      all.filter(({ name }) => name !== 'config.json'),
      [...all, { name: 'more.py', digest: other }],
      all.map((one) => (one.name === 'config.json' ? { ...one, digest: other } : one)),
      [...all.filter(({ name }) => name !== 'config.json'), { name: 'config.js', digest: other }],
    ];
    for (const resources of cases) {
      await sign(bundle, signer, resources);
      await refusedUnasked(bundle, policy(), 'SIGNATURE_MISMATCH');
    }
    await sign(bundle, signer, all);
    await opened(bundle, policy());
  });

  test('what is signed for another purpose', async () => {
    const { makeChannel } = await import('@weightseal/release');
    const bundle = await sealed();
    const { digest } = await manifestOf(bundle);
    const channel = await makeChannel(
      { model: 'acme/llama', manifestDigest: digest, counter: 1, expires: '2099-01-01T00:00:00Z' },
      { signer },
    );
    await writeFile(join(bundle, SIGNATURE_NAME), channel);
    await refusedUnasked(bundle, policy(), 'SIGNATURE_INVALID');
  });

  test('a signature of more than 64 MiB', async () => {
    const bundle = await sealed();
    await writeFile(join(bundle, SIGNATURE_NAME), Buffer.alloc(67_108_865, 0x20));
    await refusedUnasked(bundle, policy(), 'SIGNATURE_INVALID');
  });
});

describe('versions', () => {
  test.each([
    ['1.2', '1.2'],
    ['1.2.0', '1.2'],
    ['1.10', '1.9'],
    ['v2', '1.9'],
    ['1.2', '1.2-rc.1'],
    ['2026-03-01', '2026-02-28'],
  ])('%s is new enough for %s', async (version, minVersion) => {
    await opened(await released(signer, { version }), policy({ minVersion }));
  });

  test.each([
    ['1.1.9', '1.2'],
    ['1.2-rc.1', '1.2'],
    ['2026-01-31', '2026-02-01'],
    ['main', '1.2'],
    ['1.x', '1.2'],
  ])('%s is too old for %s, or cannot be compared', async (version, minVersion) => {
    await refusedUnasked(await released(signer, { version }), policy({ minVersion }), 'RELEASE_TOO_OLD');
  });

  test('one that has no version is refused', async () => {
    await refusedUnasked(
      await released(signer),
      policy({ minVersion: '0' }),
      'RELEASE_TOO_OLD',
      /no version/,
    );
  });
});

test('what was made after the signers ceased to count is refused', async () => {
  const bundle = await released(signer);
  await opened(bundle, policy({ notAfter: new Date(Date.now() + 60_000) }));
  await refusedUnasked(bundle, policy({ notAfter: '2020-01-01T00:00:00Z' }), 'RELEASE_EXPIRED', /2020/);
});

describe('the model', () => {
  test('of no rule is refused, unless the policy says otherwise of others', async () => {
    const bundle = await released(signer, { context: { model: 'evil/llama' } });
    await refusedUnasked(bundle, policy(), 'SIGNER_UNTRUSTED', /evil\/llama/);
    await opened(bundle, createTrust([{ model: 'acme/*', signers }], { others: 'off' }));
  });

  test('is what the first matching rule is about', async () => {
    const rules: TrustRule[] = [
      { model: 'acme/llama', signers: [{ key: stranger.spki }] },
      { model: '**', signers },
    ];
    await refusedUnasked(await released(signer), createTrust(rules), 'SIGNER_UNTRUSTED');
    await opened(await released(signer, { context: { model: 'other' } }), createTrust(rules));
  });

  test('cannot be called otherwise by its manifest than by its envelope', async () => {
    const bundle = await released(signer, { name: 'acme/tiny' });
    await refusedUnasked(bundle, policy(), 'MANIFEST_MISMATCH', /acme\/tiny/);
  });

  test('is what the manifest says, where the envelope says nothing', async () => {
    await opened(await released(signer, { context: {}, name: 'acme/llama' }), policy());
    await refusedUnasked(
      await released(signer, { context: {}, name: 'other' }),
      policy(),
      'SIGNER_UNTRUSTED',
      /other/,
    );
  });

  test('of no name is matched by ** and by * alone', async () => {
    const bundle = await released(signer, { context: {} });
    await refusedUnasked(bundle, policy(), 'SIGNER_UNTRUSTED', /no name/);
    await opened(bundle, policy({ model: '**' }));
    await opened(bundle, policy({ model: '*' }));
  });

  test('named by nobody but an unsigned manifest chooses no rule that asks for less', async () => {
    const lax: TrustRule[] = [
      { model: 'scratch/*', signers: [], require: 'off' },
      { model: 'test/*', signers, require: 'warn' },
      { model: 'acme/*', signers },
    ];
    for (const others of ['enforce', 'warn', 'off'] as const)
      for (const name of ['scratch/x', 'test/x', 'neither'])
        for (const bundle of [
          await sealed({ context: {}, name }),
          await released(stranger, { context: {}, name }),
        ])
          await refusedUnasked(bundle, createTrust(lax, { others }), expect.stringMatching(/^SIGN/) as never);
    // The envelope's word counts: it is authenticated by the data key.
    await opened(await sealed({ context: { model: 'scratch/x' } }), createTrust(lax));
    // Where nothing enforces, there is nothing to get around.
    const none = lax.slice(0, 2);
    await opened(await sealed({ context: {}, name: 'scratch/x' }), createTrust(none, { others: 'warn' }));
  });
});

describe('what is not enforced', () => {
  test('warns whoever runs the program where nobody listens', async () => {
    const told = new Promise<Error>((resolve) => process.once('warning', resolve));
    await opened(await released(stranger), createTrust([{ model: '**', signers, require: 'warn' }]));
    expect(await told).toMatchObject({ name: 'WeightsealWarning', code: 'SIGNER_UNTRUSTED' });
  });

  test('warns, and opens', async () => {
    const told: WeightsealError[] = [];
    const options = { onWarning: (error: WeightsealError) => void told.push(error) };
    const trust = createTrust([{ model: '**', signers, require: 'warn' }], options);
    await opened(await sealed(), trust);
    await opened(await released(stranger), trust);
    await opened(await released(signer), trust);
    const without = await released(signer);
    await rm(join(without, MANIFEST_NAME));
    await opened(without, trust);
    expect(told.map(({ code }) => code)).toEqual([
      'SIGNATURE_MISSING',
      'SIGNER_UNTRUSTED',
      'MANIFEST_MISSING',
    ]);
    expect(told.every((error) => isWeightsealError(error))).toBe(true);
  });

  test('reads nothing where it is off', async () => {
    const bundle = await released(signer);
    for (const name of [MANIFEST_NAME, SIGNATURE_NAME])
      await rename(join(bundle, name), join(bundle, `${name}.gone`));
    const key = new MemoryKey('one');
    const trust = createTrust([{ model: '**', signers: [], require: 'off' }]);
    const allowExtra = true;
    await using reader = await openBundle(bundle, { keys: [key], trust, allowExtra });
    expect(reader.opened.members).toBe(2);
  });
});

describe('a policy that cannot be meant', () => {
  const wrong: [string, unknown, RegExp][] = [
    ['no list', {}, /array/],
    ['no signers', [{ model: '*', signers: [] }], /no signer/],
    ['no model', [{ signers }], /`model`/],
    ['an empty glob', [{ model: '', signers }], /empty/],
    ['a glob of another kind', [{ model: '{a,b}', signers }], /not offered/],
    ['a misspelt member', [{ model: '*', signers, minversion: '1' }], /minVersion/],
    ['a version without order', [{ model: '*', signers, minVersion: 'main' }], /numbers with dots/],
    ['no moment', [{ model: '*', signers, notAfter: '2027-02-30' }], /UTC/],
    [
      'a rule that never counts',
      [
        { model: '**', signers },
        { model: 'a', signers },
      ],
      /put it last/,
    ],
    ['another requirement', [{ model: '*', signers, require: 'maybe' }], /enforce, warn or off/],
    ['a signer that is none', [{ model: '*', signers: [{ keys: 1 }] }], /trusted signer/],
    ['a channel without a place', [{ model: '*', signers, channel: {} }], /`at`/],
  ];
  test.each(wrong)('%s', async (_, rules, said) => {
    await refused(() => createTrust(rules as never), 'INVALID_ARGUMENT', said);
  });

  test('options that it does not know', async () => {
    await refused(() => createTrust([], { other: 'off' } as never), 'INVALID_ARGUMENT', /others/);
    await refused(() => createTrust([], { state: 'some' } as never), 'INVALID_ARGUMENT', /user or none/);
  });
});
