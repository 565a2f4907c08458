import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { told } from '../src/failure.js';
import { type Running, type Sandbox, sandboxesAfter } from './support/cli.js';

const withModel = sandboxesAfter(
  'head -c 6000000 /dev/zero > model && weightseal keygen k && weightseal seal model -k local:k -q',
);

/** Whether this user may have mounts of his own. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

const mounted = (options: string, command: string) =>
  `mkdir -p there; unshare --map-root-user --mount sh -c 'mount -t tmpfs -o ${options} none there && ${command}'`;

describe.runIf(process.platform === 'linux')('what the machine refuses is told as that (on Linux)', () => {
  test.each([
    [
      'a file larger than the limit',
      'ulimit -f 100; weightseal seal model -o out -k local:k',
      'NO_SPACE',
      'ulimit -f',
    ],
    [
      'a full device',
      'weightseal open model.sealed -o - -k local:k > /dev/full',
      'NO_SPACE',
      'No space is left',
    ],
    [
      'a full device for what is told',
      'weightseal inspect model.sealed > /dev/full',
      'NO_SPACE',
      'No space is left',
    ],
    ['a name that is too long', `weightseal verify ${'n'.repeat(300)} -k local:k`, 'IO_ERROR', '255 bytes'],
    ['a circle of links', 'ln -s b a; ln -s a b; weightseal verify a -k local:k', 'IO_ERROR', 'circle'],
  ])('%s', async (_name, command, code, word) => {
    await using sandbox = await withModel();
    const outcome = await sandbox.run(command);
    expect(outcome.code).toBe(6);
    expect(outcome.stderr).toContain(`code: ${code} `);
    expect(outcome.stderr).toContain(word);
  });

  test.runIf(canMount()).each([
    [
      'a full file system',
      'size=1m',
      'weightseal seal model -o there/out -k local:k',
      'NO_SPACE',
      'No space',
    ],
    [
      'a read-only file system',
      'ro',
      'weightseal seal model -o there/out -k local:k',
      'IO_ERROR',
      'read-only',
    ],
    [
      'a file of a read-only file system',
      'size=16m',
      'cp model.sealed there/f && mount -o remount,ro there && weightseal rewrap there/f -k local:k',
      'IO_ERROR',
      'read-only',
    ],
  ])('%s', async (_name, options, command, code, word) => {
    await using sandbox = await withModel();
    const outcome = await sandbox.run(mounted(options, command));
    expect(outcome.code).toBe(6);
    expect(outcome.stderr).toContain(`code: ${code} `);
    expect(outcome.stderr).toContain(word);
  });

  test('and never as a defect of ours, wherever it was noticed', async () => {
    const failing = (code: string, more: object) => Object.assign(new Error(code), { code, ...more });
    expect(await told(failing('EMFILE', { syscall: 'open', path: '/x' }))).toMatchObject({
      code: 'IO_ERROR',
      class: 'io',
      message: expect.stringContaining('ulimit -n'),
    });
    expect(await told(failing('ERR_ACCESS_DENIED', { permission: 'WorkerThreads' }))).toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringContaining('--allow-worker'),
    });
    expect(await told(new RangeError('Array buffer allocation failed'))).toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringContaining('memory'),
    });
    expect(await told(new TypeError('x is not a function'))).toMatchObject({ code: 'INTERNAL' });
  });
});

describe.runIf(process.platform === 'linux')('a second rewrap (on Linux)', () => {
  /** Somebody else has the file, until its input ends. */
  async function held(sandbox: Sandbox): Promise<Running> {
    const holder = sandbox.start("exec flock -x model.sealed sh -c 'touch held; cat'");
    await sandbox.run('while [ ! -e held ]; do sleep 0.02; done');
    return holder;
  }

  test('says that it waits, and for what, and then does its work', async () => {
    await using sandbox = await withModel();
    const holder = await held(sandbox);
    const waiting = sandbox.start('exec weightseal rewrap model.sealed -k local:k 2> said');
    await sandbox.run('while ! grep -q waiting said; do sleep 0.02; done');
    holder.stdin.end();
    expect(await waiting.outcome).toMatchObject({ code: 0 });
    expect(await sandbox.run('cat said')).toMatchObject({
      stdout: 'weightseal: waiting for another rewrap or reseal of "model.sealed" to end\n',
    });
  });

  test.each(['rewrap', 'reseal'])('or %s can be stopped while it waits', async (name) => {
    await using sandbox = await withModel();
    const holder = await held(sandbox);
    const waiting = sandbox.start(`exec weightseal ${name} model.sealed -k local:k 2> said`);
    await sandbox.run('while ! grep -q waiting said; do sleep 0.02; done');
    waiting.kill('SIGTERM');
    expect(await waiting.outcome).toMatchObject({ code: 143 });
    holder.stdin.end();
    await holder.outcome;
    expect(await sandbox.run('weightseal verify model.sealed -k local:k -q')).toMatchObject({ code: 0 });
  });
});
