// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configStatus, loadConfig, trustConfig, trustedSigners, trustJudge } from '@weightseal/config';
import { CHANNEL_NAME, defineStore, type ObjectStore, type WeightsealError } from '@weightseal/core';
import { makeChannel, signRelease } from '@weightseal/release';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  freePath,
  manifestOf,
  opened,
  refusedUnasked,
  released,
  sealed,
} from '../../release/test/support/releases.ts';
import { signerOf } from '../../release/test/support/signers.ts';
import { ISSUER, startInstance } from '../../release/test/support/sigstore.ts';
import { Folder, fromYaml } from './support/folder.js';

const NAME = 'weightseal.config.yaml';
const keys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pair = keys();
const signer = signerOf(pair);
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const other = keys().publicKey.export({ type: 'spki', format: 'pem' }) as string;
const RULE = 'trust: [{ model: acme/*, signers: [{ key: keys/release.pem }] }]\n';

beforeEach(() => {
  process.env['XDG_STATE_HOME'] = freePath('state');
});

async function judgeOf(text: string, more: Record<string, string> = {}) {
  await using folder = await Folder.with({ 'c.yaml': text, 'keys/release.pem': pem, ...more });
  const config = await folder.load({ path: 'c.yaml' });
  return (await trustJudge(config))!;
}

describe('what a configuration says of releases', () => {
  test('judges them, by keys that lie beside it', async () => {
    const trust = await judgeOf(RULE);
    await opened(await released(signer), trust);
    await refusedUnasked(await released(signerOf(keys())), trust, 'SIGNER_UNTRUSTED');
    const elsewhere = await released(signer, { context: { model: 'other' } });
    await refusedUnasked(elsewhere, trust, 'SIGNER_UNTRUSTED', /no rule/);
  });

  test('is a list of rules, or an object that has them and more', async () => {
    const rules = '[{ model: acme/*, signers: [{ key: keys/release.pem }], channel: "${C:-c}" }]';
    const loaded = async (text: string) => {
      await using folder = await Folder.with({ 'c.yaml': text });
      return (await folder.load({ path: 'c.yaml' })).trust;
    };
    const object = await loaded(`trust: { rules: ${rules} }`);
    expect(await loaded(`trust: ${rules}`)).toEqual(object);
    expect(await loaded(`profile: p\nprofiles: { p: { trust: ${rules} } }`)).toEqual(object);
    expect(object!.rules![0]!.channel).toBe('c');
  });

  test('names everybody who may sign some model', async () => {
    const rules = '[{ model: a, signers: [{ key: k/a.pem }] }, { model: b, signers: [{ key: k/b.pem }] }]';
    await using folder = await Folder.with({
      'c.yaml': `trust: ${rules}`,
      'none.yaml': 'trust: { others: warn }',
      'k/a.pem': pem,
      'k/b.pem': other,
    });
    const signers = await trustedSigners(await folder.load({ path: 'c.yaml' }));
    expect(signers.map((one) => ('key' in one ? 'key' : ''))).toEqual(['key', 'key']);
    expect(await trustedSigners(await folder.load({ path: 'none.yaml' }))).toEqual([]);
  });

  test('is nothing where it says nothing', async () => {
    expect(await trustJudge(await fromYaml('deadlineMs: 5'))).toBeUndefined();
  });

  test('is all of it: no rule at all refuses everything', async () => {
    await refusedUnasked(await released(signer), await judgeOf('trust: {}'), 'SIGNER_UNTRUSTED');
    await opened(await released(signer), await judgeOf('trust: { others: off }'));
  });

  test('counts as a whole by profile', async () => {
    const text = `${RULE}profiles: { lax: { trust: { others: "off" } }, same: {} }`;
    await using folder = await Folder.with({ 'c.yaml': text, 'keys/release.pem': pem });
    const bundle = await released(signerOf(keys()));
    const judged = async (profile: string) =>
      (await trustJudge(await folder.load({ path: 'c.yaml', profile })))!;
    await refusedUnasked(bundle, await judged('same'), 'SIGNER_UNTRUSTED');
    await opened(bundle, await judged('lax'));
  });

  test('warns where it says so', async () => {
    const told: WeightsealError[] = [];
    const text =
      'trust: { rules: [{ model: "**", require: warn, signers: [{ key: release.pem }] }], others: warn }';
    await using folder = await Folder.with({ 'c.yaml': text, 'release.pem': other });
    const config = await folder.load({ path: 'c.yaml' });
    await opened(
      await released(signer),
      (await trustJudge(config, { onWarning: (error) => told.push(error) }))!,
    );
    expect(told.map(({ code }) => code)).toEqual(['SIGNER_UNTRUSTED']);
  });

  test('has channels by paths from its directory, and by what the environment says', async () => {
    const bundle = await released(signer);
    const { digest } = await manifestOf(bundle);
    const said = { model: 'acme/llama', manifestDigest: digest, counter: 1, expires: '2099-01-01T00:00:00Z' };
    const channel = await makeChannel(said, { signer });
    for (const at of ['channels/llama', '${WHERE:-channels}/llama']) {
      const text = `trust: { rules: [{ model: acme/*, signers: [{ key: release.pem }], channel: "${at}" }] }`;
      await using folder = await Folder.with({ 'c.yaml': text, 'release.pem': pem });
      const trust = (await trustJudge(await folder.load({ path: 'c.yaml' })))!;
      await refusedUnasked(bundle, trust, 'CHANNEL_MISSING');
      await mkdir(join(folder.path, 'channels/llama'), { recursive: true });
      await writeFile(join(folder.path, 'channels/llama', CHANNEL_NAME), channel);
      await opened(bundle, trust);
    }
  });

  test('asks the stores that it names, and closes them', async () => {
    const bundle = await released(signer);
    const { digest } = await manifestOf(bundle);
    const said = { model: 'acme/llama', manifestDigest: digest, counter: 1, expires: '2099-01-01T00:00:00Z' };
    const channel = await makeChannel(said, { signer });
    let closed = 0;
    const store = {
      uri: 'corp://models',
      read: async (key: string, { offset, length }: { offset: number; length: number }) => {
        expect(key).toBe(`acme/${CHANNEL_NAME}`);
        const object = { key, size: channel.length, version: '1' };
        return { object, body: [channel.subarray(offset, offset + length)] };
      },
      close: async () => void closed++,
    };
    const provider = defineStore({
      scheme: 'corp',
      options: [],
      fromUri: () => ({ store: store as unknown as ObjectStore, key: 'acme' }),
    });
    const text =
      'trust: { rules: [{ model: acme/*, signers: [{ key: r.pem }], channel: "corp://models/acme" }] }';
    await using folder = await Folder.with({ 'c.yaml': text, 'r.pem': pem });
    const config = await folder.load({ path: 'c.yaml', providers: { corp: provider } });
    await opened(bundle, (await trustJudge(config))!);
    expect(closed).toBe(1);
  });
});

describe('mistakes', () => {
  const signers = 'signers: [{ key: a.pem }]';
  test.each([
    ['trust: []', 'trust is an empty list; expected is a list of rules, or an object with `rules`'],
    ['trust: all', 'trust is text; expected is a list of rules, or an object with `rules`'],
    [`trust: [{ ${signers} }]`, 'trust[0] lacks `model`'],
    [
      `trust: [{ model: a, ${signers}, minversion: "1" }]`,
      'trust[0].minversion is not known; did you mean minVersion?',
    ],
    ['trust: [{ model: a }]', 'trust[0] has no signer'],
    ['trust: [{ model: a, signers: [{ key: "${KEY}" }] }]', 'trust[0].signers[0].key takes nothing from'],
    [`trust: [{ model: a, ${signers}, channel: "\${NO_SUCH}" }]`, 'trust[0].channel'],
    [
      `trust: [{ model: a, ${signers}, channel: { at: c, signers: [{ key: "\${KEY}" }] } }]`,
      'trust[0].channel.signers[0].key takes',
    ],
    [
      `trust: [{ model: [b, '**'], require: off }, { model: a, ${signers} }]`,
      'trust[1] never counts, because rule [0] before it is about every model',
    ],
    [`profiles: { p: { trust: [{ model: a, signers: [] }] } }`, 'profiles.p.trust[0] has no signer'],
    ['trust: { rule: [] }', 'trust.rule is not known; did you mean rules?'],
    ['trust: { others: maybe }', 'trust.others is text; expected is enforce, warn or off'],
    [`trust: { rules: [{ ${signers} }] }`, 'trust.rules[0] lacks `model`'],
    ['trust: { rules: [{ model: a }] }', 'trust.rules[0] has no signer'],
    [
      `trust: { rules: [{ model: a, ${signers}, minVersion: 1.10 }] }`,
      'minVersion is the number 1.1; expected is a version in quotes',
    ],
    [`trust: { rules: [{ model: a, ${signers}, minVersion: main }] }`, 'minVersion is text'],
    [
      `trust: { rules: [{ model: a, ${signers}, notAfter: 2027-02-30T00:00:00Z }] }`,
      'notAfter is text; expected is a moment',
    ],
    [`trust: { rules: [{ model: a, ${signers}, minversion: "1" }] }`, 'did you mean minVersion?'],
    [`trust: { rules: [{ model: "{a,b}", ${signers} }] }`, 'model has one of [ ]'],
    [
      'trust: { rules: [{ model: a, signers: [{ kee: b }] }] }',
      'signers[0].kee is not known; did you mean key?',
    ],
    ['trust: { rules: [{ model: a, signers: [b.pem] }] }', 'signers[0] is text; expected is a signer'],
    ['trust: { rules: [{ model: a, signers: [{ certificate: {} }] }] }', 'certificate lacks `roots`'],
    ['trust: { rules: [{ model: a, signers: [{ sigstore: { identity: a } }] }] }', 'sigstore lacks `issuer`'],
    ['trust: { rules: [{ model: a, signers: [{ key: "${KEY}" }] }] }', 'takes nothing from the environment'],
    [
      'trust: { rules: [{ model: "${M:-x}", signers: [{ key: a.pem }] }] }',
      'takes nothing from the environment',
    ],
    ['trust: { rules: [{ model: a, require: warn, channel: c }] }', 'nobody whose word counts'],
    [`trust: { rules: [{ model: a, ${signers}, channel: { att: c } }] }`, 'did you mean at?'],
    [
      `profiles: { p: { trust: { rules: [{ model: a, signers: [] }] } } }`,
      'profiles.p.trust.rules[0] has no signer',
    ],
  ])('%s', async (text, said) => {
    const error = await fromYaml(text).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(said) });
    expect((error as Error).message).toMatch(/^weightseal\.config\.yaml:\d+:\d+: /);
  });

  test.each([
    ['no PEM', 'hello', /no public key/],
    ['a private key', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, /is a private key/],
    ['a broken key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /no public key/],
  ])('a key that is %s', async (_, text, said) => {
    const error = await judgeOf(RULE, { 'keys/release.pem': text }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'SIGNING_KEY_UNFIT', message: expect.stringMatching(said) });
    expect((error as Error).message).not.toContain('MC4CAQ');
  });

  test('a key that is not there, or no file', async () => {
    await using folder = await Folder.with({ 'c.yaml': RULE });
    const config = await folder.load({ path: 'c.yaml' });
    await expect(trustJudge(config)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    await mkdir(join(folder.path, 'keys/release.pem'), { recursive: true });
    await expect(trustJudge(config)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('roots without a certificate', async () => {
    const text = 'trust: { rules: [{ model: a, signers: [{ certificate: { roots: keys/release.pem } }] }] }';
    await expect(judgeOf(text)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
  });
});

describe('a configuration that was only found', () => {
  const options = (folder: Folder) => ({ cwd: folder.path, env: folder.home });

  test('judges nothing until it is trusted', async () => {
    await using folder = await Folder.with({ [NAME]: RULE, 'keys/release.pem': pem });
    await expect(loadConfig(options(folder))).rejects.toMatchObject({ code: 'CONFIG_UNTRUSTED' });
    const config = await folder.trusted();
    await opened(await released(signer), (await trustJudge(config))!);
  });

  test('is trusted with the keys that it names, as they are', async () => {
    await using folder = await Folder.with({ [NAME]: RULE, 'keys/release.pem': pem });
    const config = await folder.trusted();
    const shown = await configStatus(options(folder));
    expect(shown).toMatchObject({
      status: 'trusted',
      summary: {
        code: undefined,
        signers: [{ file: 'keys/release.pem', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      },
    });
    await folder.write('keys/release.pem', other);
    const error = { code: 'CONFIG_UNTRUSTED', message: expect.stringContaining('"keys/release.pem"') };
    await expect(loadConfig(options(folder))).rejects.toMatchObject(error);
    // Also where it was exchanged after the configuration was read.
    await expect(trustJudge(config)).rejects.toMatchObject(error);
    expect(await configStatus(options(folder))).toMatchObject({ status: 'untrusted' });
    await folder.write('keys/release.pem', pem);
    expect(await configStatus(options(folder))).toMatchObject({ status: 'trusted' });
  });

  test('judges by a trusted root as it was when it was read', async () => {
    await using instance = await startInstance();
    const sigstore = JSON.stringify({
      identity: 'me@acme.example',
      issuer: ISSUER,
      trustedRoot: 'root.json',
    });
    const text = `trust: [{ model: acme/*, signers: [{ sigstore: ${sigstore} }] }]`;
    const root = await readFile(instance.trustedRoot, 'utf8');
    await using folder = await Folder.with({ [NAME]: text, 'root.json': root });
    const trust = (await trustJudge(await folder.trusted()))!;
    await folder.write('root.json', '{}');
    const bundle = await sealed();
    await signRelease(bundle, { sigstore: instance.as('me@acme.example') });
    await opened(bundle, trust);
  });

  test('cannot be trusted while a key is missing', async () => {
    await using folder = await Folder.with({ [NAME]: RULE });
    await expect(trustConfig(options(folder))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });

  test('is trusted with the keys of all profiles, of which those that count must be there', async () => {
    const text = `profiles: { a: { ${RULE.trim()} }, b: {} }`;
    await using folder = await Folder.with({ [NAME]: text, 'keys/release.pem': pem });
    await folder.trusted({ profile: 'a' });
    await rm(join(folder.path, 'keys'), { recursive: true });
    await folder.load({ profile: 'b' });
    await expect(folder.load({ profile: 'a' })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});

test('what it shows is what it says', async () => {
  const text = `${RULE}stores: { s3: {} }`;
  await using folder = await Folder.with({ [NAME]: text, 'keys/release.pem': pem });
  const { summary } = (await configStatus({ cwd: folder.path, env: folder.home }))!;
  expect(summary!.layers[0]!.trust).toEqual({
    rules: [{ model: 'acme/*', signers: [{ key: 'keys/release.pem' }] }],
  });
  const hosts =
    'trust: { rules: [{ model: a, signers: [{ key: k.pem }], channel: "https://models.example/a" }] }';
  await using second = await Folder.with({ [NAME]: hosts, 'k.pem': pem });
  expect((await configStatus({ cwd: second.path, env: second.home }))!.summary!.hosts).toEqual([
    'models.example',
  ]);
});
