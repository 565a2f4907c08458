import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { CHANNEL_NAME, MANIFEST_NAME, openReleased, SIGNATURE_NAME } from '@weightseal/core';
import {
  type ChannelInput,
  createTrust,
  makeChannel,
  publishChannel,
  readChannel,
  signStatement,
  type TrustOptions,
  type TrustRule,
} from '@weightseal/release';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { refused } from './support/refused.ts';
import { freePath, manifestOf, opened, refusedUnasked, released } from './support/releases.ts';
import { newSigner } from './support/signers.ts';

const signer = newSigner();
const stranger = newSigner();
const signers = [{ key: signer.spki }];
const FAR = '2099-01-01T00:00:00Z';

let state: string;
beforeEach(() => {
  state = freePath('state');
  process.env['XDG_STATE_HOME'] = state;
});

const trustIn = (at: string, more: Partial<TrustRule> = {}, options: TrustOptions = {}) =>
  createTrust([{ model: '**', signers, channel: { at }, ...more }], options);

async function place(): Promise<string> {
  const directory = freePath('channel');
  await mkdir(directory);
  return directory;
}

async function write(at: string, bundle: string, more: Partial<ChannelInput> = {}, by = signer) {
  const { digest } = await manifestOf(bundle);
  const said = { model: 'acme/llama', manifestDigest: digest, counter: 1, expires: FAR, ...more };
  await writeFile(join(at, CHANNEL_NAME), await makeChannel(said, { signer: by }));
}

describe('a channel', () => {
  test('that names the release lets it be opened, again and again', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle);
    await opened(bundle, trustIn(at));
    await opened(bundle, trustIn(at));
  });

  test('may be a file of any name that ends in .json', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle);
    const file = join(at, 'llama.json');
    await copyFile(join(at, CHANNEL_NAME), file);
    await opened(bundle, trustIn(file));
  });

  test('that names another release refuses an older one that was put back', async () => {
    const [at, old] = [await place(), await released(signer, { version: '1' })];
    await write(at, old);
    await opened(old, trustIn(at));
    const now = await released(signer, { version: '2', text: 'new' });
    await write(at, now, { counter: 2, version: '2' });
    await opened(now, trustIn(at));
    await refusedUnasked(old, trustIn(at), 'RELEASE_NOT_CURRENT', /"2"/);
  });

  test('of a lower number is refused, also with the release that it names', async () => {
    const [at, old, now] = [await place(), await released(signer), await released(signer, { text: 'new' })];
    await write(at, old, { counter: 7 });
    await opened(old, trustIn(at));
    const kept = freePath('kept');
    await copyFile(join(at, CHANNEL_NAME), kept);
    await write(at, now, { counter: 8 });
    await opened(now, trustIn(at));
    await copyFile(kept, join(at, CHANNEL_NAME));
    await refusedUnasked(old, trustIn(at), 'CHANNEL_ROLLED_BACK', /number 7, and 8/);
  });

  test('of the same number that says something else is refused', async () => {
    const [at, old, now] = [await place(), await released(signer), await released(signer, { text: 'new' })];
    await write(at, old, { counter: 3 });
    await opened(old, trustIn(at));
    await write(at, now, { counter: 3 });
    await refusedUnasked(now, trustIn(at), 'CHANNEL_ROLLED_BACK', /something else/);
  });

  test('that nobody renews counts until it ends, whatever is kept away', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle, { expires: '2030-01-01T00:00:00Z' });
    const at2029 = { now: () => Date.parse('2029-12-31T23:59:59Z') };
    const at2030 = { now: () => Date.parse('2030-01-01T00:00:00Z') };
    await opened(bundle, trustIn(at, {}, at2029));
    await refusedUnasked(bundle, trustIn(at, {}, at2030), 'CHANNEL_EXPIRED', /2030/);
    await refusedUnasked(bundle, trustIn(at, {}, { now: () => Number.NaN }), 'CHANNEL_EXPIRED');
  });

  test('that has ended is news all the same: an older one is not taken afterwards', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle, { counter: 5, expires: '2001-01-01T00:00:00Z' });
    await refusedUnasked(bundle, trustIn(at), 'CHANNEL_EXPIRED');
    await write(at, bundle, { counter: 4 });
    await refusedUnasked(bundle, trustIn(at), 'CHANNEL_ROLLED_BACK');
  });

  test('of another model is refused', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle, { model: 'acme/tiny' });
    await refusedUnasked(bundle, trustIn(at), 'CHANNEL_INVALID', /acme\/tiny/);
  });

  test('that is missing is refused', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await refusedUnasked(bundle, trustIn(at), 'CHANNEL_MISSING');
    await refusedUnasked(bundle, trustIn(join(at, 'nowhere')), 'CHANNEL_MISSING');
  });

  test('that is no file, or too long, is refused', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await mkdir(join(at, CHANNEL_NAME));
    await refusedUnasked(bundle, trustIn(at), 'CHANNEL_INVALID');
    const other = await place();
    await writeFile(join(other, CHANNEL_NAME), Buffer.alloc(1_048_577, 0x20));
    await refusedUnasked(bundle, trustIn(other), 'CHANNEL_INVALID');
  });

  test('of a stranger is refused, and remembered by nobody', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle, { counter: 1_000_000 }, stranger);
    await refusedUnasked(bundle, trustIn(at), 'SIGNER_UNTRUSTED', /^Of the channel/);
    await write(at, bundle);
    await opened(bundle, trustIn(at));
  });

  test('has signers of its own, where the rule says so', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle, {}, stranger);
    const channel = { at, signers: [{ key: stranger.spki }] };
    await opened(bundle, trustIn(at, { channel }));
    await write(at, bundle, { counter: 2 });
    await refusedUnasked(bundle, trustIn(at, { channel }), 'SIGNER_UNTRUSTED');
  });

  test('is no signature of a model, and a signature no channel', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await copyFile(join(bundle, SIGNATURE_NAME), join(at, CHANNEL_NAME));
    await refusedUnasked(bundle, trustIn(at), 'CHANNEL_INVALID');
  });
});

describe('what a channel must say', () => {
  const good = {
    model: 'acme/llama',
    manifest: 'ab'.repeat(32),
    counter: 1,
    expires: FAR,
    created: '2026-01-01T00:00:00Z',
  };
  const signed = (
    predicate: object,
    subject = { name: 'acme/llama', digest: { sha256: 'ab'.repeat(32) } },
  ) => {
    const _type = 'https://in-toto.io/Statement/v1';
    const statement = { _type, subject: [subject], predicateType: 'weightseal/channel/v1', predicate };
    return signStatement(Buffer.from(JSON.stringify(statement)), { signer });
  };

  test('is enough', async () => {
    expect(await readChannel(await signed(good), signers)).toMatchObject(good);
  });

  test.each([
    ['another member', { ...good, note: 'hello' }],
    ['no counter', { ...good, counter: 0 }],
    ['half a counter', { ...good, counter: 1.5 }],
    ['a counter beyond what is whole', { ...good, counter: 2 ** 53 }],
    ['a counter as text', { ...good, counter: '1' }],
    ['no end', { ...good, expires: 'never' }],
    ['an end in another zone', { ...good, expires: '2099-01-01T00:00:00+01:00' }],
    ['a manifest of another form', { ...good, manifest: 'AB'.repeat(32) }],
    ['another manifest than its subject', { ...good, manifest: 'cd'.repeat(32) }],
    ['another model than its subject', { ...good, model: 'acme/tiny' }],
    ['no model', { ...good, model: '' }],
    ['a list', []],
  ])('%s is refused', async (_, predicate) => {
    const bytes = await signed(predicate);
    await refused(() => readChannel(bytes, signers), 'CHANNEL_INVALID');
  });

  test('is checked before it is signed', async () => {
    const input = { model: 'acme/llama', manifestDigest: 'ab'.repeat(32), counter: 1, expires: FAR };
    for (const wrong of [
      { counter: 0 },
      { expires: 'soon' },
      { manifestDigest: 'x' },
      { model: '' },
      { more: 1 },
    ])
      await refused(() => makeChannel({ ...input, ...wrong }, { signer }), 'INVALID_ARGUMENT');
  });
});

describe('the highest number', () => {
  test('is kept for this user alone', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle);
    await opened(bundle, trustIn(at));
    const directory = join(state, 'weightseal', 'channels');
    const names = await readdir(directory);
    expect(names.filter((name) => !name.endsWith('.lock'))).toHaveLength(1);
    for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  test('is of a model and a place', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle, { counter: 9 });
    await opened(bundle, trustIn(at));
    const other = await place();
    await write(other, bundle, { counter: 1 });
    await opened(bundle, trustIn(other));
  });

  test('that cannot be kept refuses, unless nothing shall be', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle);
    await mkdir(join(state, 'weightseal', 'channels'), { recursive: true });
    await chmod(join(state, 'weightseal'), 0o777);
    await refusedUnasked(bundle, trustIn(at), 'IO_ERROR', /state: none/);
    process.env['XDG_STATE_HOME'] = '/dev/null/state';
    await refusedUnasked(bundle, trustIn(at), 'IO_ERROR', /XDG_STATE_HOME/);
    await opened(bundle, trustIn(at, {}, { state: 'none' }));
    const told: string[] = [];
    const options = { onWarning: ({ code }: { code: string }) => void told.push(code) };
    await opened(bundle, trustIn(at, { require: 'warn' }, { ...options, others: 'warn' }));
    expect(told).toEqual(['IO_ERROR']);
  });

  test('that was damaged refuses', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await write(at, bundle);
    await opened(bundle, trustIn(at));
    const directory = join(state, 'weightseal', 'channels');
    const [name] = (await readdir(directory)).filter((one) => !one.endsWith('.lock'));
    await writeFile(join(directory, name!), 'nonsense');
    await refusedUnasked(bundle, trustIn(at), 'IO_ERROR', /cannot be read/);
  });

  test('only rises, whatever processes do at once', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    const all: { counter: number; text: string }[] = [];
    for (let counter = 1; counter <= 24; counter++) {
      await write(at, bundle, { counter });
      all.push({ counter, text: await readFile(join(at, CHANNEL_NAME), 'utf8') });
    }
    const release = await asJson(bundle);
    const key = Buffer.from(signer.spki).toString('base64');
    const shuffled = fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
    const orders = fc.sample(shuffled, 4);
    const told = await Promise.all(orders.map((channels) => judged({ key, release, channels })));
    for (const seen of told) {
      const taken = seen.filter(({ code }) => code === 'taken').map(({ counter }) => counter);
      expect(taken).toEqual([...taken].sort((a, b) => a - b));
      const after = seen.findIndex(({ counter }) => counter === 24);
      expect(seen.slice(after + 1).filter(({ code }) => code !== 'CHANNEL_ROLLED_BACK')).toEqual([]);
      expect(seen[after]!.code).toBe('taken');
    }
    const last = await judged({ key, release, channels: all });
    expect(last.map(({ code }) => code)).toEqual([...Array(23).fill('CHANNEL_ROLLED_BACK'), 'taken']);
  });
});

/** What a judge is given, for another process. */
async function asJson(bundle: string) {
  await using unopened = await openReleased(bundle);
  const { id, context, table } = unopened;
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const documents: Record<string, string> = {};
  for (const name of [MANIFEST_NAME, SIGNATURE_NAME])
    documents[name] = base64(await readFile(join(bundle, name)));
  return { id: base64(id), context, documents, table: { size: table!.size, digest: base64(table!.digest) } };
}

async function judged(given: object): Promise<{ counter: number; code: string }[]> {
  const script = new URL('./support/see-channel.mjs', import.meta.url).pathname;
  const running = promisify(execFile)(process.execPath, [script], { env: { ...process.env } });
  running.child.stdin!.end(JSON.stringify(given));
  const { stdout } = await running;
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('publishing', () => {
  const signing = { signer };

  test('goes on from the number that is there', async () => {
    const [at, one, two] = [await place(), await released(signer), await released(signer, { version: '2' })];
    const options = { channel: at, signing, expires: FAR };
    expect(await publishChannel(one, options)).toMatchObject({ counter: 1, model: 'acme/llama' });
    await opened(one, trustIn(at));
    expect(await publishChannel(two, options)).toMatchObject({ counter: 2, version: '2' });
    await opened(two, trustIn(at));
    await refusedUnasked(one, trustIn(at), 'RELEASE_NOT_CURRENT');
  });

  test('by many at once gives each a number of its own', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    const options = { channel: at, signing, expires: FAR };
    await publishChannel(bundle, options);
    const made = await Promise.all(Array.from({ length: 6 }, () => publishChannel(bundle, options)));
    expect(made.map(({ counter }) => counter).sort()).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('replaces nobody else’s channel, unless its signer is named', async () => {
    const [at, bundle] = [await place(), await released(signer)];
    await publishChannel(bundle, { channel: at, signing: { signer: stranger }, expires: FAR });
    const before = await readFile(join(at, CHANNEL_NAME));
    const options = { channel: at, signing, expires: FAR };
    await refused(() => publishChannel(bundle, options), 'SIGNER_UNTRUSTED');
    expect(await readFile(join(at, CHANNEL_NAME))).toEqual(before);
    const earlier = [{ key: stranger.spki }];
    expect(await publishChannel(bundle, { ...options, earlier })).toMatchObject({ counter: 2 });
  });

  test('replaces no channel of another model', async () => {
    const [at, bundle] = [await place(), await released(signer, { context: { model: 'acme/tiny' } })];
    await write(at, bundle);
    const options = { channel: at, signing, expires: FAR };
    await refused(() => publishChannel(bundle, options), 'CHANNEL_INVALID', /acme\/tiny/);
  });

  test('goes into no bundle, which would have a file too many', async () => {
    const bundle = await released(signer);
    for (const channel of [bundle, join(bundle, 'channel.json'), join(bundle, '..', basename(bundle))])
      await refused(
        () => publishChannel(bundle, { channel, signing, expires: FAR }),
        'INVALID_ARGUMENT',
        /beside/,
      );
    expect(await readdir(bundle)).not.toContain(CHANNEL_NAME);
  });

  test('needs a name', async () => {
    const [at, bundle] = [await place(), await released(signer, { context: {} })];
    const options = { channel: at, signing, expires: FAR };
    await refused(() => publishChannel(bundle, options), 'INVALID_ARGUMENT', /name/);
  });
});

test('a whole older storage is refused: bundle and channel together', async () => {
  const [at, old, now] = [await place(), await released(signer), await released(signer, { text: 'new' })];
  await write(at, old);
  const [oldBundle, oldChannel] = [freePath('copy'), freePath('copy')];
  await cp(old, oldBundle, { recursive: true });
  await copyFile(join(at, CHANNEL_NAME), oldChannel);
  await write(at, now, { counter: 2 });
  await opened(now, trustIn(at));
  await copyFile(oldChannel, join(at, CHANNEL_NAME));
  await refusedUnasked(oldBundle, trustIn(at), 'CHANNEL_ROLLED_BACK');
});
