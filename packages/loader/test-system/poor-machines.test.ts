import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  watch,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { leftOut } from '../../core/test-system/support/thorough.js';
import { kindOf } from '../src/machine/file-system.js';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { LimitedGroup } from './support/cgroup.js';
import { CLI, isRoot, outcomeOf, script } from './support/child.js';
import { MemoryPlace, MountedTmpfs } from './support/place.js';

const MIB = 1_048_576;
const USER = 1234;
const plaintext = randomBytes(3 * MIB);
const DIGEST = createHash('sha256').update(plaintext).digest('hex');
const NOT_OWN = /no tmpfs of its own could be mounted/;
const ADVICE = /Docker: .* Kubernetes: .* systemd: /;

interface Result {
  readonly kind?: string;
  readonly warnings?: readonly string[];
  readonly at?: string;
  readonly digest?: string;
  readonly code?: string;
  readonly message?: string;
}
interface Case {
  readonly wrapper?: readonly string[];
  readonly options?: { where?: 'own' | 'existing'; directory?: string; allowDisk?: boolean };
  readonly user?: number;
  readonly model?: SealedModel;
}

let model: SealedModel & AsyncDisposable;
/** That of a user without privileges. */
let theirs: SealedModel & AsyncDisposable;
/** A directory on a disk. */
let disk: string;
let tmpdirBefore: string | undefined;

beforeEach((context) => {
  if (leftOut) context.skip(leftOut);
});

beforeAll(async () => {
  if (!isRoot || leftOut) return;
  // Not in a tmpfs, which these tests hide.
  tmpdirBefore = process.env['TMPDIR'];
  process.env['TMPDIR'] = '/var/tmp';
  model = await sealedModel(0, { plaintext });
  disk = mkdtempSync('/var/tmp/weightseal-poor-');
  theirs = await sealedModel(0, { plaintext });
  for (const path of [theirs.directory, theirs.path, join(theirs.directory, 'key')])
    chownSync(path, USER, USER);
  for (const name of ['empty', 'dev']) mkdirSync(join(disk, name));
  for (const path of [disk, join(disk, 'empty')]) chmodSync(path, 0o1777);
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  await theirs?.[Symbol.asyncDispose]();
  if (disk) rmSync(disk, { recursive: true });
  if (tmpdirBefore === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = tmpdirBefore;
});

const WAYS: Record<string, (one: Case) => Promise<Result>> = {
  'load()': async ({ wrapper = [], options = {}, user, model: which = user ? theirs : model }) => {
    const job = { path: which.path, keyFile: join(which.directory, 'key'), options };
    const command = [...wrapper, process.execPath, script('attempt'), JSON.stringify(job)];
    const { stdout, stderr } = await outcomeOf(command, settings(user));
    const line = stdout.split('\n').find((one) => one.startsWith('outcome '));
    if (line === undefined) throw new Error(`it said nothing: ${stdout}${stderr}`);
    return JSON.parse(line.slice(8)) as Result;
  },
  'weightseal run': async ({ wrapper = [], options = {}, user, model: which = user ? theirs : model }) => {
    const { where, directory, allowDisk } = options;
    const command = [
      ...[...wrapper, process.execPath, CLI, 'run', which.path, '--key', which.keyUri, '--json'],
      ...(where ? ['--where', where] : []),
      ...(directory ? ['--directory', directory] : []),
      ...(allowDisk ? ['--allow-disk'] : []),
      // Whatever PATH is.
      ...['--', process.execPath, '-e', TELL_DIGEST, '{model}'],
    ];
    const { stdout, stderr } = await outcomeOf(command, settings(user));
    const told = JSON.parse(stderr) as { error?: Result; placement: Result };
    if (told.error) {
      expect(stdout, 'no command was started').toBe('');
      return { code: told.error.code!, message: told.error.message! };
    }
    const [digest, at] = stdout.trim().split(' ');
    return { ...told.placement, digest: digest!, at: at! };
  },
};
const TELL_DIGEST =
  'const b=require("fs").readFileSync(process.argv[1]); console.log(require("crypto").createHash("sha256").update(b).digest("hex"), process.argv[1])';

function settings(user = 0): object {
  const { XDG_RUNTIME_DIR: _, ...env } = process.env;
  return { cwd: '/', env: { ...env, TMPDIR: disk }, ...(user && { uid: user, gid: user }) };
}

const inMounts = (prelude: string): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `set -e; ${prelude}\nexec "$@"`,
  disk,
];

/** Whatever is in memory where a loader looks becomes a disk. */
const ONLY_DISKS =
  'for d in /dev/shm /run /tmp; do [ "$(stat -f -c %T $d)" != tmpfs ] || mount --bind "$0/empty" $d; done';
/** A /dev in which there is just what programs need. */
const NO_SHM = `${ONLY_DISKS}
mount --rbind /dev "$0/dev"; mount -t tmpfs -o mode=0755 t /dev
for n in null zero full random urandom tty; do : >/dev/$n; mount --bind "$0/dev/$n" /dev/$n; done
umount -l "$0/dev"; ! [ -e /dev/shm ]`;

/** Neither the capability to mount, nor a user namespace that would give it. */
const CANNOT_MOUNT = [
  ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
  ...['echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -sys_admin "$@"', 'sh'],
];
const WITHOUT_ADMIN = ['setpriv', '--bounding-set', '-sys_admin'];
/** What is in the usual places is found without PATH too. */
const HIDE_UNSHARE = [
  ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'],
  ...['mount --bind /dev/null "$(command -v unshare)" && exec "$@"', 'sh'],
];
const CONTAINER = [
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['capsh', '--drop=all', '--', '-c', 'exec "$@"', 'sh'],
];

/** Skips, with the reason, where the machine does not let itself be made so poor. */
async function needs(context: TestContext, wrapper: readonly string[], user = 0): Promise<void> {
  const tried = await outcomeOf([...wrapper, process.execPath, '-e', '0'], settings(user)).catch(
    () => undefined,
  );
  if (tried?.code === 0) return;
  context.skip(`this machine does not allow: ${wrapper.slice(0, 4).join(' ')} … (${tried?.stderr.trim()})`);
}

const ofUser = (mine: Result) => {
  expect(mine.digest, mine.message).toBe(DIGEST);
  return mine;
};

describe.runIf(isRoot).each(Object.entries(WAYS))('%s on a poor machine (as root)', (way, attempt) => {
  test('mounts its own where it can', async () => {
    const { kind, warnings } = ofUser(await attempt({}));
    expect(kind).toBe('own-tmpfs');
    expect(warnings?.filter((one) => NOT_OWN.test(one))).toEqual([]);
  });

  test('without CAP_SYS_ADMIN a user namespace will do', async (context) => {
    await needs(context, [...WITHOUT_ADMIN, 'unshare', '--user', '--map-root-user', '--mount']);
    expect(ofUser(await attempt({ wrapper: WITHOUT_ADMIN })).kind).toBe('own-tmpfs');
  });

  test('a user without privileges too', async (context) => {
    await needs(context, ['unshare', '--user', '--map-root-user', '--mount'], USER);
    expect(ofUser(await attempt({ user: USER })).kind).toBe('own-tmpfs');
  });

  const CANNOT: Record<string, Case & { wrapper: readonly string[] }> = {
    'without CAP_SYS_ADMIN and without user namespaces': { wrapper: CANNOT_MOUNT },
    'in a container without capabilities': { wrapper: CONTAINER },
    'without unshare': { wrapper: HIDE_UNSHARE },
  };
  test.for(Object.entries(CANNOT))(
    '%s it takes the tmpfs that is there, and says so',
    async ([, one], context) => {
      await needs(context, one.wrapper, one.user);
      const { kind, warnings, at } = ofUser(await attempt(one));
      expect(kind).toBe('tmpfs');
      expect(warnings!.some((warning) => NOT_OWN.test(warning))).toBe(true);
      expect(at).toMatch(/^\/dev\/shm\/weightseal-/);
      expect(existsSync(dirname(at!)), 'something is left').toBe(false);
    },
  );

  test.for(Object.entries(CANNOT))('%s one of its own cannot be had', async ([, one], context) => {
    await needs(context, one.wrapper, one.user);
    const { code, message } = await attempt({ ...one, options: { where: 'own' } });
    expect(code).toBe('MEMORY_FS_REQUIRED');
    expect(message).toMatch(/unshare, mount.*CAP_SYS_ADMIN, or user namespaces/);
  });

  const READ_ONLY = 'mount -o remount,bind,ro /dev/shm; ! touch /dev/shm/weightseal-x 2>/dev/null';
  test('a read-only /dev/shm does not matter where it can mount', async (context) => {
    const wrapper = inMounts(READ_ONLY);
    await needs(context, wrapper);
    expect(ofUser(await attempt({ wrapper })).kind).toBe('own-tmpfs');
  });

  test('with a read-only /dev/shm it takes the next that is there', async (context) => {
    const wrapper = [...inMounts(`${READ_ONLY}; mount -t tmpfs -o size=16m t /run`), ...CANNOT_MOUNT];
    await needs(context, wrapper);
    const { kind, warnings, at } = ofUser(await attempt({ wrapper }));
    expect(kind).toBe('tmpfs');
    expect(warnings!.some((warning) => NOT_OWN.test(warning))).toBe(true);
    expect(at).toMatch(/^\/run\/weightseal-/);
  });

  const DISKS: Record<string, string> = { 'only disks': ONLY_DISKS, 'no /dev/shm at all': NO_SHM };
  describe.each(Object.entries(DISKS))('with %s', (_, prelude) => {
    const wrapper = () => inMounts(prelude);
    const onDisk = () => kindOf(statfsSync(disk).type) === 'other';

    test('it mounts its own where it can', async (context) => {
      await needs(context, wrapper());
      expect(ofUser(await attempt({ wrapper: wrapper() })).kind).toBe('own-tmpfs');
    });

    test('it refuses, and says what to do in Docker, Kubernetes and systemd', async (context) => {
      if (!onDisk()) context.skip('/var/tmp is in memory here');
      await needs(context, wrapper());
      for (const one of [
        { wrapper: wrapper(), options: { where: 'existing' } },
        { wrapper: [...wrapper(), ...CANNOT_MOUNT] },
        { wrapper: [...wrapper(), ...CANNOT_MOUNT], options: { directory: disk } },
      ] as const) {
        const { code, message } = await attempt(one);
        expect(code).toBe('MEMORY_FS_REQUIRED');
        expect(message).toMatch(ADVICE);
        expect(readdirSync(disk).sort()).toEqual(['dev', 'empty']);
        expect(readdirSync(join(disk, 'empty'))).toEqual([]);
      }
    });

    test('it takes a disk when it is told to, and warns', async (context) => {
      if (!onDisk()) context.skip('/var/tmp is in memory here');
      await needs(context, wrapper());
      const options = { allowDisk: true };
      const { kind, warnings } = ofUser(await attempt({ wrapper: [...wrapper(), ...CANNOT_MOUNT], options }));
      expect(kind).toBe('disk');
      expect(warnings!.join('\n')).toMatch(/the plaintext is on a disk, as was asked for/);
      expect(readdirSync(disk).sort(), 'nothing is left').toEqual(['dev', 'empty']);
    });
  });

  test('a tmpfs that is too small is refused before anything is made in it', async () => {
    using tmpfs = new MountedTmpfs(disk, 'size=1m');
    const seen: unknown[] = [];
    using _watching = watching(tmpfs.path, seen);
    const { code, message } = await attempt({ options: { directory: tmpfs.path } });
    expect(code).toBe('NO_SPACE');
    expect(message).toMatch(/3\.00 MiB, and \/var\/tmp\/\S+ has only 1\.00 MiB free of 1\.00 MiB.*Docker/);
    await sleep(50);
    expect(seen).toEqual([]);
    const { bfree, blocks } = statfsSync(tmpfs.path);
    expect(bfree).toBe(blocks);
  });

  test('which is seen, where one is large enough', async () => {
    using tmpfs = new MountedTmpfs(disk, 'size=16m');
    const seen: unknown[] = [];
    using _watching = watching(tmpfs.path, seen);
    const options = { directory: tmpfs.path };
    if (way === 'load()') ofUser(await attempt({ options }));
    else
      await outcomeOf(
        [
          process.execPath,
          CLI,
          'run',
          model.path,
          '--key',
          model.keyUri,
          '--named',
          '--directory',
          tmpfs.path,
          '--',
          'true',
        ],
        settings(),
      );
    for (let waited = 0; seen.length === 0 && waited < 2_000; waited += 10) await sleep(10);
    expect(seen.length).toBeGreaterThan(0);
    expect(readdirSync(tmpfs.path)).toEqual([]);
  });

  test('a /dev/shm that is too small is named, and not that there is none', async (context) => {
    const wrapper = [...inMounts(`${ONLY_DISKS}; mount -t tmpfs -o size=1m t /dev/shm`), ...CANNOT_MOUNT];
    await needs(context, wrapper);
    const { code, message } = await attempt({ wrapper });
    expect(code).toBe('NO_SPACE');
    expect(message).toMatch(/\/dev\/shm has only 1\.00 MiB free.*--shm-size=4m/);
  });

  test('a tmpfs that has room and gives none is full too', async (context) => {
    // Bytes are free when it looks, and inodes are not.
    const prelude = `${ONLY_DISKS}; mount -t tmpfs -o size=64m,nr_inodes=2 t /dev/shm; : >/dev/shm/other`;
    const wrapper = [...inMounts(prelude), ...CANNOT_MOUNT];
    await needs(context, wrapper);
    const { code } = await attempt({ wrapper });
    expect(code).toBe('NO_SPACE');
  });

  test('a control group that is too small is named', async (context) => {
    await using group = await LimitedGroup.make(100 * MIB);
    if (!group) return context.skip('no control group for memory can be made here');
    await using large = await sealedModel(110 * MIB);
    using place = new MemoryPlace();
    for (const options of [{}, { directory: place.path }]) {
      const { code, message } = await attempt({ wrapper: group.wrapper, options, model: large });
      expect(code).toBe('MEMORY_LIMIT');
      expect(message).toMatch(
        new RegExp(
          `takes 110 MiB .*memory limit of 100 MiB \\(cgroup v${group.version}, ${group.file}\\).*Docker: .*Kubernetes: .*systemd: `,
        ),
      );
      expect(readdirSync(place.path)).toEqual([]);
    }
  });
});

describe.runIf(isRoot)('an engine that takes more memory than there is (as root)', () => {
  const runIn = (
    wrapper: readonly string[],
    large: SealedModel,
    flags: readonly string[],
    words: readonly string[],
  ) =>
    outcomeOf(
      [...wrapper, process.execPath, CLI, 'run', large.path, '--key', large.keyUri, ...flags, '--', ...words],
      settings(),
    );
  const TAKE = [
    '-e',
    'const a=[];for(let i=0;i<400;i++)a.push(Buffer.alloc(1048576,1));console.log("had it")',
  ];

  test('is killed, and told why', async (context) => {
    await using group = await LimitedGroup.make(400 * MIB);
    if (!group) return context.skip('no control group for memory can be made here');
    await using large = await sealedModel(120 * MIB);
    for (const words of [
      [process.execPath, ...TAKE],
      ['sh', '-c', '"$@"; exit $?', 'sh', process.execPath, ...TAKE],
    ]) {
      const { code, stdout, stderr } = await runIn(group.wrapper, large, ['--json'], words);
      expect({ code, stdout }).toEqual({ code: 137, stdout: '' });
      // A shell says a word of it too.
      expect(JSON.parse(stderr.slice(stderr.indexOf('{')))).toMatchObject({ exitCode: 137, oomKilled: true });
    }
    const quiet = await runIn(group.wrapper, large, ['--quiet'], [process.execPath, ...TAKE]);
    expect(quiet.stderr).toMatch(/killed because memory ran out: .*must cover the plaintext, 120 MiB/);
    const other = await runIn(group.wrapper, large, ['--json'], ['sh', '-c', 'kill -9 $$']);
    expect(JSON.parse(other.stderr)).toMatchObject({ exitCode: 137, signal: 'SIGKILL', oomKilled: false });
  });

  test('is not even begun, where what it takes was said', async (context) => {
    await using group = await LimitedGroup.make(400 * MIB);
    if (!group) return context.skip('no control group for memory can be made here');
    await using large = await sealedModel(120 * MIB);
    const flags = ['--memory-allowance', '300MiB'];
    const { code, stdout, stderr } = await runIn(group.wrapper, large, flags, ['echo', 'begun']);
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(/MEMORY_LIMIT/);
    expect(stderr).toMatch(/takes 120 MiB of memory, and who uses it is to have 300 MiB more/);
  });
});

/** Whatever is made, renamed or removed in a directory. */
function watching(directory: string, seen: unknown[]): Disposable {
  const watcher = watch(directory, (event, name) => seen.push([event, name]));
  return { [Symbol.dispose]: () => watcher.close() };
}
