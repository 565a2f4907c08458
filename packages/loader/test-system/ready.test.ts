import { spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { Child, CLI, isRoot, type Outcome } from './support/child.js';
import { freePort } from './support/free-port.js';
import { hasSaid, outcome, started } from './support/run.js';

const USER = 1234;
const OTHER = 65_534;
const SIZE = 100_001;
let model: SealedModel & AsyncDisposable;
let theirs: SealedModel & AsyncDisposable;
/** Where every user can read it. */
let listen: string;
let directory: string;

beforeAll(async () => {
  if (!isRoot) return;
  model = await sealedModel(SIZE);
  theirs = await sealedModel(SIZE);
  for (const path of [theirs.directory, theirs.path, join(theirs.directory, 'key')])
    chownSync(path, USER, USER);
  directory = mkdtempSync(join(tmpdir(), 'weightseal-listen-'));
  chmodSync(directory, 0o755);
  listen = join(directory, 'listen.py');
  copyFileSync(join(import.meta.dirname, 'support', 'listen.py'), listen);
  chmodSync(listen, 0o644);
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  await theirs?.[Symbol.asyncDispose]();
  if (directory) rmSync(directory, { recursive: true });
});

interface Ready {
  readonly url: string;
  readonly where: string;
  readonly user?: number;
}

function ready(command: readonly string[], { url, where, user }: Ready): Promise<Outcome> {
  const args = ['--where', where, '--release', 'on-ready', '--ready-url', url];
  const which = user === undefined ? model : theirs;
  return outcome(
    started(which, command, {
      flags: [...args, '--json'],
      ...(user !== undefined && { uid: user }),
    }),
  );
}

/** Reads all of the model some time after it has begun. */
const LOADS_SLOWLY = ['sh', '-c', 'exec 9<"$1"; sleep 1.5; wc -c <&9', 'sh', '{model}'];

/** There is time, too, to be told of it more than once. */
const LOADS_WHEN_TOLD = [
  'sh',
  '-c',
  'exec 9<"$1"; until [ -e told ]; do sleep 0.05; done; sleep 1; wc -c <&9',
  'sh',
  '{model}',
];

// Side by side: nearly all of each is waiting.
describe.runIf(isRoot).concurrent.each(['own', 'existing'])(
  'a URL tells of a command on a model in the place that is %s',
  (where) => {
    test.each([
      ['the command itself', (words: string[]) => words],
      ['what it has started', (words: string[]) => ['sh', '-c', '"$@"; true', 'sh', ...words]],
      [
        'a daemon that it has left',
        (words: string[]) => [
          'sh',
          '-c',
          '(setsid "$@" & ); while [ -s "$0" ]; do sleep 0.1; done; sleep 0.3',
          '{model}',
          ...words,
        ],
      ],
    ])('when %s answers', async (_, wrap) => {
      const port = await freePort();
      const words = wrap(['/usr/bin/env', 'python3', listen, '127.0.0.1', String(port), '503', '200']);
      const told = await ready(words, { url: `http://127.0.0.1:${port}/health`, where });
      expect(told).toMatchObject({ stdout: `port ${port}\nwiped\n`, code: 0 });
    });

    test('also of a user without privileges', async () => {
      const port = await freePort();
      const words = ['/usr/bin/python3', listen, '127.0.0.1', String(port), '200'];
      const told = await ready(words, { url: `http://localhost:${port}/`, where, user: USER });
      expect(told).toMatchObject({ stdout: `port ${port}\nwiped\n`, code: 0 });
    });

    test.each([
      ['another user', OTHER],
      ['another process of the user', 0],
    ])('and not when %s answers', async (_, uid) => {
      const words = ['/usr/bin/env', 'python3', listen, '127.0.0.1', '0', '503', '200'];
      await using squatter = new Child(words, { uid, gid: uid });
      const port = await squatter.said('port');
      const child = started(model, LOADS_SLOWLY, {
        flags: ['--where', where, '--release', 'on-ready', '--ready-url', `http://127.0.0.1:${port}/`],
      });
      expect(await outcome(child)).toMatchObject({ stdout: `${SIZE}\n`, code: 0 });
    });
  },
);

describe.runIf(isRoot).concurrent('a URL (as root)', () => {
  test('that somebody else answers is told of, once', async () => {
    const words = ['/usr/bin/env', 'python3', listen, '127.0.0.1', '0', '503', '200'];
    await using squatter = new Child(words);
    const port = await squatter.said('port');
    const command = ['run', model.path, '--key', model.keyUri, '--release', 'on-ready'];
    const child = spawn(
      process.execPath,
      [CLI, ...command, '--ready-url', `http://127.0.0.1:${port}/`, '--', ...LOADS_WHEN_TOLD],
      { stdio: ['ignore', 'pipe', 'pipe'], cwd: model.directory },
    );
    const ended = outcome(child);
    await hasSaid(child, 'is not seen to be the command');
    writeFileSync(join(model.directory, 'told'), '');
    const { stdout, stderr } = await ended;
    expect(stdout).toBe(`${SIZE}\n`);
    expect(stderr.match(/is not seen to be the command/g)?.length).toBe(1);
  });

  test('is asked at the address where the command listens, whoever else has another', async (context) => {
    const port = await freePort();
    await using squatter = new Child(['/usr/bin/env', 'python3', listen, '127.0.0.1', String(port), '503']);
    await squatter.said('port');
    const v6 = await ready(['/usr/bin/env', 'python3', listen, '::1', String(port), '200'], {
      url: `http://localhost:${port}/`,
      where: 'own',
    });
    if (/Cannot assign|not supported/.test(v6.stderr)) return context.skip('no IPv6 here');
    expect(v6.stdout).toBe(`port ${port}\nwiped\n`);
  });

  test.each(['http://192.0.2.1/', 'http://no-such-host.invalid/', 'https://[2001:db8::1]:8000/'])(
    'of another machine is refused: %s',
    async (url) => {
      const { code, stdout, stderr } = await ready(['echo', 'started'], { url, where: 'own' });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/no address of this machine/);
    },
  );
});
