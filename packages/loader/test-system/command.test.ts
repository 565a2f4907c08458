import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { Child, CLI, isRoot, script } from './support/child.js';
import { outcome, type RunSettings, started } from './support/run.js';

let model: SealedModel & AsyncDisposable;
beforeAll(async () => {
  model = await sealedModel(100_001);
  writeFileSync(join(model.directory, 'plain'), model.plaintext);
  writeFileSync(join(model.directory, 'five'), 'five\n');
});
afterAll(() => model[Symbol.asyncDispose]());

const run = (command: string[], settings: RunSettings) => outcome(started(model, command, settings));
/** A program that is no shell, and tells its environment as it is. */
const TELL_ENVIRONMENT = ['cat', '/proc/self/environ'];
const ODD = {
  'discovery.type': 'single node',
  'my-var': '1',
  'BASH_FUNC_f%%': '() {  :\n}',
  '1': 'digit',
  EMPTY: '',
};

/** With variables that no string of Node's holds. */
const RAW = [
  'python3',
  '-c',
  String.raw`
import os,sys
e=dict(os.environb); e[b'RAW']=b'\xff\xfe\\0x%s\n'; e[b'N\xfe']=b'name'; e[b'N\xff']=b'another'; e['N\ufffd'.encode()]=b'third'; e[b'N\xef\xbf\xbd\xff']=b'fourth'; e[b'WEIGHTSEAL_\xff']=b'secret'; e[b'IFS']=b'x'
os.execve(sys.argv[1],sys.argv[1:],e)`,
];
/** Where /bin/sh is another one than here. */
const withShell = (shell: string): string[] => {
  const replacing = 'mount --bind "$(command -v "$0")" "$(realpath /bin/sh)" && exec "$@"';
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', replacing, shell];
};
/** What makes a bash do other things, and our script's own names. */
const FOR_SHELLS = [
  'python3',
  '-c',
  String.raw`
import json,os,sys
e=dict(os.environb); e.update((k.encode(),v.encode()) for k,v in json.loads(sys.argv[1]).items()); e[b'RAW']=bytes(range(1,256))+b'\n\n'; e[b'LONG']=b'+\xe9'*60000+b'\n'; e['+plus'.encode()]=b'+'; e[b'SHELLOPTS']=b'noexec:xtrace:allexport'; e[b'BASHOPTS']=b'extdebug'
for n in 'BASH_ENV ENV BASH_VERSION UID EUID PPID HOSTNAME HISTFILE COLUMNS SECONDS POSIXLY_CORRECT IFS PS4 weightseal_n weightseal_v'.split(): e[n.encode()]=b'mine'
for n in 'LC_ALL LANG'.split(): e[n.encode()]=b'zh_CN.GBK'
os.execve(sys.argv[2],sys.argv[2:],e)`,
  JSON.stringify(ODD),
];
/** As a service manager starts it: sockets from 3 on, and LISTEN_PID. */
const ACTIVATED = [
  'python3',
  '-c',
  `
import os,sys
e=dict(os.environ,LISTEN_PID=str(os.getpid()),LISTEN_FDS='2',LISTEN_FDNAMES='a:b',WATCHDOG_PID=str(os.getpid()))
os.execve(sys.argv[1],sys.argv[1:],e)`,
];

/** How any process has files open that hold these bytes: 0 is for reading only. */
function modesOf(bytes: Uint8Array): number[] {
  const listed = (directory: string): string[] => {
    try {
      return readdirSync(directory).filter((name) => /^[0-9]+$/.test(name));
    } catch {
      return [];
    }
  };
  return listed('/proc').flatMap((pid) =>
    listed(`/proc/${pid}/fd`).flatMap((fd) => {
      const path = `/proc/${pid}/fd/${fd}`;
      try {
        const stats = statSync(path);
        if (!stats.isFile() || stats.size !== bytes.length || !readFileSync(path).equals(bytes)) return [];
        const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))!;
        return [Number.parseInt(flags!, 8) & 3];
      } catch {
        return [];
      }
    }),
  );
}

// Side by side: half of each is waiting.
describe.runIf(isRoot).concurrent.each(['own', 'existing'])(
  'a command on a model in the place that is %s',
  (where) => {
    const flags = ['--where', where];

    const environmentOf = async (settings: RunSettings): Promise<string[]> => {
      const child = started(model, TELL_ENVIRONMENT, { flags, ...settings });
      child.stdout!.setEncoding('latin1');
      const { stdout } = await outcome(child);
      return stdout
        .split('\0')
        .filter((entry) => entry && !entry.startsWith('WEIGHTSEAL_'))
        .sort();
    };
    const without = async (wrapper: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string[]> => {
      const [program, ...args] = [...wrapper, '/usr/bin/env', ...TELL_ENVIRONMENT];
      const child = spawn(program!, args, {
        cwd: model.directory,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 2],
      });
      const told = await text(child.stdout!.setEncoding('latin1'));
      return told
        .split('\0')
        .filter((entry) => entry && !entry.startsWith('WEIGHTSEAL_'))
        .sort();
    };

    test('has the environment that it would have, also names that no shell can have', async () => {
      const told = await environmentOf({ env: ODD });
      expect(told).toEqual(await without([], ODD));
      expect(told).toContain('discovery.type=single node');
    });

    test('has it byte for byte, also what is not UTF-8', async () => {
      const told = await environmentOf({ env: ODD, wrapper: RAW });
      expect(told).toEqual(await without(RAW, ODD));
      expect(told).toContain('RAW=\xff\xfe\\0x%s\n');
      const { stdout } = await run(TELL_ENVIRONMENT, { flags, wrapper: RAW });
      expect(stdout).not.toMatch(/secret/);
    });

    describe.each(['dash', 'bash', 'busybox'])('with %s as /bin/sh', (shell) => {
      const here = spawnSync('sh', ['-c', `command -v ${shell}`]).status === 0;

      test('has it byte for byte, whatever a shell makes of its variables', async ({ skip }) => {
        skip(!here, `there is no ${shell} here`);
        const wrapper = [...withShell(shell), ...FOR_SHELLS];
        expect(await environmentOf({ wrapper })).toEqual(await without(FOR_SHELLS));
        const { stdout, stderr, code } = await run(['echo', 'runs'], { flags, wrapper });
        expect({ stdout, stderr, code }).toEqual({ stdout: 'runs\n', stderr: '', code: 0 });
      });
    });

    test('is not found, or cannot be executed, before a key is asked', async () => {
      for (const [command, code, expected] of [
        ['/no/such/command', 127, 'COMMAND_NOT_FOUND'],
        ['no-such-command', 127, 'COMMAND_NOT_FOUND'],
        ['/etc/passwd', 126, 'COMMAND_NOT_EXECUTABLE'],
        ['/etc', 126, 'COMMAND_NOT_EXECUTABLE'],
      ] as const) {
        // A key that is not there would be told otherwise.
        const told = await run([command], { flags: [...flags, '--key', 'local:/no/such/key', '--json'] });
        expect(told).toMatchObject({ code, stdout: '' });
        expect(JSON.parse(told.stderr)).toMatchObject({ error: { code: expected } });
      }
    });

    test('works where weightseal was started, also where that has been removed', async () => {
      const here = { flags: [...flags, '--key', `local:${join(model.directory, 'key')}`] };
      expect((await run(['/bin/pwd'], here)).stdout).toBe(`${model.directory}\n`);
      const name = `gone-${where}`;
      const gone = ['sh', '-c', `mkdir ${name} && cd ${name} && rmdir ../${name} && exec "$@"`, 'sh'];
      const { stdout } = await run(['readlink', '/proc/self/cwd'], { ...here, wrapper: gone });
      expect(stdout).toBe(`${join(model.directory, name)} (deleted)\n`);
    });

    test('gets the descriptors that are asked for, and the model another number then', async () => {
      const fives = [0, 1, 2, 3].map(() => openSync(join(model.directory, 'five'), 'r'));
      const [five = -1, again = -1, third = -1, last = -1] = fives;
      try {
        const words = [
          'sh',
          '-c',
          'cat <&5; cmp - plain <&$WEIGHTSEAL_MODEL_FD && echo "$WEIGHTSEAL_MODEL_FD"',
        ];
        const as5 = (fd: number) => ({ more: ['ignore', 'ignore', fd] as const });
        expect(await run(words, { flags: [...flags, '--pass-fd', '5'], ...as5(five) })).toMatchObject({
          stdout: 'five\n3\n',
          stderr: '',
        });
        const asked = [...flags, '--pass-fd', '5', '--pass-fd', '3'];
        expect((await run(words, { flags: asked, more: [last, 'ignore', again] })).stdout).toBe('five\n4\n');
        expect((await run(['cat', '/dev/fd/5'], { flags, ...as5(third) })).stdout).toBe('five\n');
        expect((await run(['sh', '-c', 'cat <&5'], { flags, ...as5(last) })).stdout).toBe('');
      } finally {
        for (const fd of fives) closeSync(fd);
      }
    });

    test.each([
      ['that can wait, as make gives its jobs', 'os.pipe()', 'os.execvp(sys.argv[1],sys.argv[1:])'],
      [
        'that cannot wait, of a process that lives',
        'os.pipe2(os.O_NONBLOCK)',
        'sys.exit(subprocess.call(sys.argv[1:],pass_fds=(5,6,7,8)))',
      ],
    ])('gets both ends of a pipe %s', async (_, pipe, begin) => {
      const opening = `
import fcntl,os,subprocess,sys
ends=[fcntl.fcntl(fd,fcntl.F_DUPFD,20) for _ in range(2) for fd in ${pipe}]
os.closerange(3,20)
for at,fd in zip((5,6,7,8),ends): os.dup2(fd,at)
os.closerange(9,40)
${begin}`;
      const asked = [5, 6, 7, 8].flatMap((fd) => ['--pass-fd', String(fd)]);
      const words = ['sh', '-c', 'echo one >&6; echo two >&8; read a <&5; read b <&7; echo "$a $b"'];
      const told = await run(words, { flags: [...flags, ...asked], wrapper: ['python3', '-c', opening] });
      expect(told).toMatchObject({ stdout: 'one two\n', stderr: '', code: 0 });
    });

    test.each(['5', '77', '70000', '-1', 'x'])(
      "is refused the descriptor %s, which is nobody's or Node's",
      async (fd) => {
        const { code, stdout, stderr } = await run(['echo', 'started'], {
          flags: [...flags, `--pass-fd=${fd}`],
        });
        expect([code, stdout]).toEqual([2, '']);
        expect(stderr).toMatch(/INVALID_ARGUMENT/);
      },
    );

    test('gets the sockets of a service manager, as the process that they are for', async () => {
      const file = openSync(join(model.directory, 'five'), 'r');
      try {
        const words = [
          'sh',
          '-c',
          'echo "$LISTEN_PID $WATCHDOG_PID $$ $LISTEN_FDS $LISTEN_FDNAMES $WEIGHTSEAL_MODEL_FD"; cat <&4; cmp - plain <&5 && tr "\\0" "\\n" </proc/$$/environ | grep -a discovery',
        ];
        const told = await run(words, { flags, wrapper: ACTIVATED, more: [file, file], env: ODD });
        expect(told.stdout).toMatch(/^([0-9]+) \1 \1 2 a:b 5\nfive\ndiscovery\.type=single node\n$/);
      } finally {
        closeSync(file);
      }
    });

    test('is started by one run in another, each with its own model', async () => {
      await using other = await sealedModel(5, { plaintext: Buffer.from('other') });
      const inner = [process.execPath, CLI, 'run', other.path, '--key', other.keyUri, '--quiet'];
      for (const place of ['own', 'existing']) {
        const words = [...inner, '--where', place, '--', 'sh', '-c', 'cmp "$1" plain && cat "$2"', 'sh'];
        expect(await run([...words, '{model}', '{{model}}'], { flags })).toMatchObject({
          stdout: 'other',
          stderr: '',
          code: 0,
        });
      }
    });

    test('finds that nobody has the plaintext open for writing', async () => {
      // One that nobody else here is just writing.
      await using own = await sealedModel(100_003);
      const child = started(own, ['sh', '-c', 'echo "$WEIGHTSEAL_MODEL_PATH"; exec sleep 300'], { flags });
      const [path] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
      try {
        const modes = modesOf(own.plaintext);
        // That of weightseal, and that of the command.
        expect(modes.length).toBeGreaterThanOrEqual(2);
        expect(modes.filter((mode) => mode !== 0)).toEqual([]);
      } finally {
        child.kill('SIGTERM');
        await outcome(child);
      }
      expect(existsSync(path.trim())).toBe(false);
    });

    test('is told of signals that came before it, when it listens to them', async () => {
      const job = { path: model.path, keyFile: join(model.directory, 'key'), where, ignored: [] };
      await using child = new Child([process.execPath, script('run-slowly'), JSON.stringify(job)]);
      await child.said('unwrapping');
      child.child.kill('SIGUSR1');
      child.child.kill('SIGWINCH');
      child.tell('');
      expect(await child.said('told')).toBe('USR1');
      expect((await child.ended).stderr).not.toMatch(/[Dd]ebugger/);
    });

    test.each(['QUIT', 'INT', 'TERM', 'HUP'])(
      'is told once of SIG%s that comes as it begins, before we know that it has',
      async (name) => {
        const slow = new URL('support/slow-after-start.mjs', import.meta.url);
        const told = `told-${where}-${name}`;
        const command = `trap 'echo came; : >${told}' ${name}; kill -${name} $PPID; until [ -e ${told} ]; do sleep 0.1; done; for i in 1 2 3 4 5; do sleep 0.1; done`;
        const { stdout, code } = await run(['/bin/sh', '-c', command], {
          flags,
          env: { NODE_OPTIONS: `--import=${slow}` },
          // Not in the foreground of a terminal, which would have told the command itself.
          wrapper: ['setsid'],
        });
        expect({ stdout, code }).toEqual({ stdout: 'came\n', code: 0 });
      },
    );

    test('ignores the signals that are to be ignored, and they end nothing of ours', async () => {
      const job = {
        path: model.path,
        keyFile: join(model.directory, 'key'),
        where,
        ignored: ['SIGHUP', 'SIGINT'],
      };
      await using child = new Child([process.execPath, script('run-slowly'), JSON.stringify(job)]);
      await child.said('unwrapping');
      child.child.kill('SIGHUP');
      child.tell('');
      // SIGHUP is 1, SIGINT 2.
      expect(Number.parseInt(await child.said('ignores'), 16) & 3).toBe(3);
      await child.said('listens');
      child.child.kill('SIGHUP');
      child.child.kill('SIGUSR1');
      expect(await child.said('told')).toBe('USR1');
      expect((await child.ended).code).toBe(0);
    });
  },
);

test.runIf(isRoot)('a user keeps a directory that may be entered and not be read (as root)', async () => {
  const user = 1234;
  await using theirs = await sealedModel(10);
  for (const path of [theirs.directory, theirs.path, join(theirs.directory, 'key')])
    chownSync(path, user, user);
  const hall = join(theirs.directory, 'hall');
  mkdirSync(hall);
  chmodSync(hall, 0o711);
  const wrapper = ['sh', '-c', 'cd hall && exec "$@"', 'sh'];
  for (const where of ['own', 'existing']) {
    const settings = { flags: ['--where', where], wrapper, uid: user };
    const told = await outcome(
      started(theirs, ['sh', '-c', '/bin/pwd; id -u; wc -c <"$0"', '{model}'], settings),
    );
    expect(told).toMatchObject({ stdout: `${hall}\n${user}\n10\n`, code: 0 });
  }
});

test.runIf(isRoot)('a user can run one in another, each with its model’s name (as root)', async () => {
  const user = 1234;
  await using outer = await sealedModel(10);
  await using inner = await sealedModel(5, { plaintext: Buffer.from('other') });
  for (const { directory, path } of [outer, inner])
    for (const one of [directory, path, join(directory, 'key')]) chownSync(one, user, user);
  const nested = (where: string) => [
    ...[process.execPath, CLI, 'run', inner.path, '--key', inner.keyUri, '--json'],
    ...['--where', where, '--name', 'model.gguf', '--', 'sh', '-c', 'echo "$1"; cat "$1"', 'sh', '{{model}}'],
  ];
  for (const where of ['own', 'existing'])
    for (const [its, kind] of Object.entries({ auto: 'own-tmpfs', existing: 'tmpfs' })) {
      const told = await outcome(started(outer, nested(its), { flags: ['--where', where], uid: user }));
      expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/\/model\.gguf\nother$/)]);
      expect(JSON.parse(told.stderr)).toMatchObject({ placement: { kind } });
    }
});

describe.runIf(isRoot)('signals that are to be ignored (as root)', () => {
  const job = (ignored: readonly string[]) => ({
    path: model.path,
    keyFile: join(model.directory, 'key'),
    where: 'existing',
    ignored,
    earlier: ['SIGUSR1'],
  });
  /** An older env(1), that knows no such option. */
  const tools = (): string => {
    const directory = mkdtempSync(join(model.directory, 'tools-'));
    writeFileSync(join(directory, 'env'), '#!/bin/sh\nexit 125\n', { mode: 0o755 });
    return directory;
  };

  test.each([
    ['by nohup where env cannot', ['SIGHUP'], true],
    ['and are told of where nothing can', ['SIGHUP', 'SIGINT'], false],
  ])('%s', async (_, ignored, ignores) => {
    const env = { ...process.env, PATH: tools() };
    await using child = new Child([process.execPath, script('run-slowly'), JSON.stringify(job(ignored))], {
      env,
    });
    await child.said('unwrapping');
    child.tell('');
    expect(Number.parseInt(await child.said('ignores'), 16) & 1).toBe(ignores ? 1 : 0);
    const warnings = await child.json<string[]>('warnings');
    expect(warnings.some((one) => /does not ignore SIGHUP/.test(one))).toBe(!ignores);
    // One that came before the call, too.
    expect(await child.said('told')).toBe('USR1');
  });
});

describe.runIf(isRoot)('core dumps (as root)', () => {
  test('are as before for weightseal itself', async () => {
    const child = started(model, ['sh', '-c', 'echo "$PPID"; exec sleep 30'], {
      flags: ['--where', 'existing'],
    });
    const [pid] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
    const filter = (of: string) => readFileSync(`/proc/${of}/coredump_filter`, 'latin1');
    // The command may tell before weightseal goes on.
    await expect.poll(() => filter(pid.trim())).toBe(filter('self'));
    child.kill('SIGTERM');
    await outcome(child);
  });
});
