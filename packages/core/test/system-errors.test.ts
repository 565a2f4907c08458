import { execFile, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  bufferSource,
  isWeightsealError,
  openToFile,
  sealToFile,
  systemFailure,
  verify,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { ioError } from '../src/errors.js';
import { dataKeyInTheClear } from './support/clear-key.mjs';
import { MemoryKey } from './support/memory-key.js';
import { refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const compiler = spawnSync('cc', ['--version']).status === 0;

const failing = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: no`), { code, ...more });

describe('what the system says', () => {
  // By what a sentence must hold to be of help.
  const helps: Record<string, [code: string, word: RegExp]> = {
    ENOENT: ['INPUT_NOT_FOUND', /path/],
    ENOTDIR: ['IO_ERROR', /path/],
    EISDIR: ['IO_ERROR', /directory/],
    ELOOP: ['IO_ERROR', /symbolic links/],
    ENAMETOOLONG: ['IO_ERROR', /255 bytes/],
    EEXIST: ['OUTPUT_EXISTS', /--force/],
    EACCES: ['IO_ERROR', /owner and mode/],
    EPERM: ['IO_ERROR', /lsattr/],
    EROFS: ['IO_ERROR', /read-only/],
    EBUSY: ['IO_ERROR', /in use/],
    ETXTBSY: ['IO_ERROR', /executed/],
    ENOSPC: ['NO_SPACE', /space/],
    EDQUOT: ['NO_SPACE', /quota/],
    EFBIG: ['NO_SPACE', /ulimit -f/],
    EMFILE: ['IO_ERROR', /ulimit -n/],
    ENFILE: ['IO_ERROR', /fs\.file-max/],
    ENOMEM: ['IO_ERROR', /memory/],
    ERR_MEMORY_ALLOCATION_FAILED: ['IO_ERROR', /memory/],
    ERR_WORKER_OUT_OF_MEMORY: ['IO_ERROR', /memory/],
    EAGAIN: ['IO_ERROR', /ulimit -u/],
    EIO: ['IO_ERROR', /device/],
    ESTALE: ['IO_ERROR', /network/],
    ENXIO: ['IO_ERROR', /device/],
    ENODEV: ['IO_ERROR', /device/],
    EINVAL: ['IO_ERROR', /file system/],
    ENOTSUP: ['IO_ERROR', /file system/],
    EOPNOTSUPP: ['IO_ERROR', /file system/],
    ENOSYS: ['IO_ERROR', /seccomp/],
    EINTR: ['IO_ERROR', /try again/],
    EPIPE: ['IO_ERROR', /stopped reading/],
    EBADF: ['IO_ERROR', /closed/],
  };

  it.each(Object.entries(helps))(
    '%s has a code, and a sentence that says what to do',
    (errno, [code, word]) => {
      const error = ioError(failing(errno), 'read it');
      expect(error).toMatchObject({ code, cause: { code: errno } });
      expect(error.message).toMatch(/^Could not read it\. [A-Z].*\.$/);
      expect(error.message).toMatch(word);
      expect(error.message).not.toContain('The system said');
    },
  );

  it('whatever it is, is a failure of the machine, with its name where there is no sentence', () => {
    for (const errno of Object.keys(constants.errno)) {
      const found = systemFailure(failing(errno));
      expect(found?.errno).toBe(errno);
      expect(ioError(failing(errno), 'go on').class).toBe('io');
    }
    expect(ioError(failing('EDEADLK'), 'go on').message).toContain('EDEADLK');
  });

  it.runIf(process.platform === 'linux').each<[number, string, string, RegExp]>([
    [122, 'EDQUOT', 'NO_SPACE', /quota/],
    [116, 'ESTALE', 'IO_ERROR', /network/],
    [37, 'ENOLCK', 'IO_ERROR', /lock service/],
    [117, 'EUCLEAN', 'IO_ERROR', /fsck/],
    [74, 'EBADMSG', 'IO_ERROR', /fsck/],
    [61, 'ENODATA', 'IO_ERROR', /fsck/],
    [71, 'EPROTO', 'IO_ERROR', /network/],
    [121, 'EREMOTEIO', 'IO_ERROR', /network/],
    [126, 'ENOKEY', 'IO_ERROR', /fscrypt/],
    [129, 'EKEYREJECTED', 'IO_ERROR', /fscrypt/],
    [123, 'ENOMEDIUM', 'IO_ERROR', /drive/],
  ])('number %d is %s, however Node puts it', (number, errno, code, word) => {
    const unknown = `Unknown system error -${number}`;
    for (const error of [
      failing(unknown, { errno: -number, message: `${unknown}: ${unknown}, write` }),
      failing('UNKNOWN', { errno: -number, message: 'UNKNOWN: unknown error, write' }),
      failing(unknown, { message: `write ${unknown}` }),
      failing('UNKNOWN', { message: `${unknown}, open` }),
    ]) {
      expect(systemFailure(error)?.errno).toBe(errno);
      expect(ioError(error, 'read it')).toMatchObject({ code, message: expect.stringMatching(word) });
    }
  });

  it('what has a number and no name at all is a failure of the machine, with its number', () => {
    const unknown = 'Unknown system error -4000';
    for (const error of [failing(unknown), failing('UNKNOWN', { errno: -4000 })])
      expect(ioError(error, 'read it')).toMatchObject({
        code: 'IO_ERROR',
        message: expect.stringContaining(unknown),
      });
    expect(systemFailure(failing('UNKNOWN'))).toMatchObject({ errno: 'UNKNOWN', code: 'IO_ERROR' });
  });

  it('that there is no memory is known by the words where there is no code', () => {
    for (const error of [
      new RangeError('Array buffer allocation failed'),
      new Error('error:07880041:common libcrypto routines::malloc failure'),
    ])
      expect(systemFailure(error)?.errno).toBe('ENOMEM');
  });

  it('a thread that could not start says why', () => {
    const why = (reason: string) =>
      systemFailure(
        Object.assign(new Error(`Worker initialization failure: ${reason}`), {
          code: 'ERR_WORKER_INIT_FAILED',
        }),
      )?.hint;
    expect(why('EMFILE')).toContain('ulimit -n');
    expect(why('EAGAIN')).toContain('ulimit -u');
    expect(why('nothing known')).toContain('ulimit');
  });

  it.each([
    ['FileSystemRead', '--allow-fs-read'],
    ['FileSystemWrite', '--allow-fs-write'],
    ['ChildProcess', '--allow-child-process'],
    ['WorkerThreads', '--allow-worker'],
    ['Addon', '--allow-addons'],
    ['WASI', '--allow-wasi'],
    ['constructor', 'without --permission'],
    [undefined, 'without --permission'],
  ])('that Node does not permit %s names the flag', (permission, flag) => {
    expect(systemFailure(failing('ERR_ACCESS_DENIED', { permission }))?.hint).toContain(flag);
  });

  it('what is no failure of the machine is none', () => {
    for (const error of [
      new TypeError('x is not a function'),
      failing('ERR_INVALID_ARG_TYPE'),
      failing('ERR_ASSERTION'),
      failing('toString'),
      failing('__proto__'),
      undefined,
      null,
      'ENOENT',
      { code: 7 },
    ])
      expect(systemFailure(error)).toBeUndefined();
  });

  it('a path that cannot be one is INVALID_ARGUMENT', async () => {
    for (const path of ['a\0b', '\0'])
      expect((await refusal(() => verify(path, { keys }))).code).toBe('INVALID_ARGUMENT');
    const output = await refusal(() =>
      sealToFile(fileURLToPath(import.meta.url), `${temp.path()}\0`, { keys }),
    );
    expect(output.code).toBe('INVALID_ARGUMENT');
  });

  it('about a name that is too long, or a circle of links, it helps', async () => {
    const long = await refusal(() => verify('n'.repeat(300), { keys }));
    expect(long.message).toContain('255 bytes');
    const within = await refusal(() =>
      openToFile(`${fileURLToPath(import.meta.url)}/x`, temp.path(), { keys }),
    );
    expect(within.message).toContain('no directory');
  });
});

/** Runs the operations in a process of which something is taken away, and tells what each of them said. */
async function poorProcess(flags: readonly string[], prlimit: readonly string[], descriptors?: number) {
  const script = fileURLToPath(new URL('support/poor-process.mjs', import.meta.url));
  const directory = await temp.directory();
  for (const [name, size] of [
    ['small', 1000],
    ['large', 6_000_000],
  ] as const) {
    const options = { keys: [dataKeyInTheClear('a')] };
    await sealToFile(bufferSource(new Uint8Array(size)), `${directory}/${name}.sealed`, options);
  }
  const command = [...prlimit, process.execPath, ...flags, script, directory, String(descriptors ?? '')];
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1));
  return JSON.parse(stdout) as Record<string, { code: string; message: string } | 'done'>;
}

describe.runIf(process.platform === 'linux')('a process that lacks (on Linux)', () => {
  it.runIf(compiler).each([
    [122, 'NO_SPACE', 'quota'],
    [116, 'IO_ERROR', 'network'],
    [117, 'IO_ERROR', 'fsck'],
  ])(
    'what it is to write on, by an error (%d) that Node has no name for, says so',
    async (number, code, word) => {
      const library = `${await temp.directory()}/failing-writes.so`;
      const source = fileURLToPath(new URL('support/failing-writes.c', import.meta.url));
      await promisify(execFile)('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
      const outcomes = await poorProcess([], ['env', `LD_PRELOAD=${library}`, `FAILING_WRITES=${number}`]);
      for (const size of ['small', 'large'])
        for (const name of ['seal', 'open', 'rewrap', 'reseal'])
          expect([name, outcomes[`${size} ${name}`]]).toEqual([
            name,
            expect.objectContaining({ code, message: expect.stringContaining(word) }),
          ]);
      expect(outcomes['large verify']).toBe('done');
    },
  );

  it('the right to write large files says so', async () => {
    const { 'large seal': large, 'small seal': small } = await poorProcess(
      [],
      ['prlimit', '--fsize=1000000'],
    );
    expect(small).toBe('done');
    expect(large).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining('ulimit -f') });
  });

  it.each([0, 1, 2, 3, 5, 6, 7, 8])(
    'all but %d descriptors does what it can, and else says so',
    async (left) => {
      const outcomes = Object.values(await poorProcess([], ['prlimit', '--nofile=96'], left));
      expect(outcomes.length).toBeGreaterThan(8);
      for (const outcome of outcomes) {
        if (outcome === 'done') continue;
        expect(outcome).toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('ulimit -n') });
      }
    },
  );

  it.runIf(process.allowedNodeEnvironmentFlags.has('--permission'))(
    'the permission to start threads does small files, and names the flag for large ones (on a Node with --permission)',
    async () => {
      const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-child-process'];
      const outcomes = await poorProcess(['--no-warnings', ...flags], ['env']);
      for (const [name, outcome] of Object.entries(outcomes)) {
        // Node lets nobody change the mode of an open file there, which a reseal has to.
        if (name === 'small reseal') continue;
        if (name.startsWith('small') || name.endsWith('rewrap'))
          expect([name, outcome]).toEqual([name, 'done']);
        else expect(outcome).toMatchObject({ message: expect.stringContaining('--allow-worker') });
      }
    },
  );

  it.runIf(process.allowedNodeEnvironmentFlags.has('--permission'))(
    'the permission to read or write names the flag (on a Node with --permission)',
    async () => {
      const read = await poorProcess(['--no-warnings', '--permission', '--allow-fs-read=*'], ['env']);
      expect(read['small seal']).toMatchObject({ message: expect.stringContaining('--allow-fs-write') });
    },
  );
});

it('marks what it gives as an error of ours', () => {
  expect(isWeightsealError(ioError(failing('EIO'), 'read it'))).toBe(true);
});
