import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bufferSource,
  inspect,
  type KeyWrapper,
  reseal,
  rewrap,
  sealToFile,
  verify,
  verifyManifest,
} from '@weightseal/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { lockBeside } from '../src/io/lock/lock-beside.js';
import { dataKeyInTheClear as key } from './support/clear-key.mjs';
import { code, failureOf, pattern, refusal } from './support/sealed.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

const temp = await temporary();
const PLAINTEXT = pattern(3000);
const holder = fileURLToPath(new URL('support/holder.mjs', import.meta.url));
const keys = [key('a')];
const OWNER = 1234;
const STRANGER = 1235;

async function sealed(): Promise<string> {
  const path = `${await temp.directory()}/file`;
  await sealToFile(bufferSource(PLAINTEXT), path, { keys, segmentLength: 256, manifest: false });
  return path;
}

const urisOf = async (path: string) => (await inspect(path)).recipients.map(({ keyUri }) => keyUri).sort();
const all = (...names: string[]) => names.map((name) => `clear:${name}`).sort();
/** For a reseal, the keys of all who may have become recipients. */
const everybody = ['a', 'b', 'c', 'd', 'e'].map(key);

/** A key whose wrapping goes on only when it is told to, and tells when it has begun. */
function heldKey(name: string): { key: KeyWrapper; begun: Promise<void>; go: () => void } {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const held = key(name);
  const { wrap } = held;
  held.wrap = async (...call) => {
    begun.resolve();
    await gate.promise;
    return wrap(...call);
  };
  return { key: held, begun: begun.promise, go: gate.resolve };
}

/** Another process that has the file. */
async function otherProcess(path: string, name: string, operation: string, flags: readonly string[] = []) {
  const child: ChildProcess = spawn(process.execPath, [...flags, holder, path, name, operation], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  const holding = new Promise<void>((resolve) => {
    child.stdout!.on('data', (text) => {
      said += text;
      if (said.includes('holding')) resolve();
    });
  });
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(said)));
  await Promise.race([holding, ended]);
  return { child, ended, go: () => child.stdin!.end() };
}

/** No program can be started. */
function withoutPrograms(): void {
  vi.spyOn(process.getBuiltinModule('node:child_process'), 'spawn').mockImplementation((() => {
    throw Object.assign(new Error('no'), { code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' });
  }) as never);
}

describe.each(['with the lock of the system', 'with a file beside it'])('%s', (way) => {
  beforeAll(() => {
    if (way === 'with a file beside it') withoutPrograms();
  });
  afterAll(() => void vi.restoreAllMocks());

  // Side by side: whoever waits for a file looks now and then.
  describe.concurrent('changes of one file', () => {
    it('of several rewraps at once, each works on what the one before has left', async () => {
      const path = await sealed();
      await Promise.all(['b', 'c', 'd', 'e'].map((name) => rewrap(path, { keys, add: [key(name)] })));
      expect(await urisOf(path)).toEqual(all('a', 'b', 'c', 'd', 'e'));
      expect(await inspect(path)).toMatchObject({ generation: 5, copiesEqual: true });
      expect(await everythingIn(dirname(path))).toEqual(['file']);
    });

    it('a second one says that it waits, and goes on when the first is done', async () => {
      const path = await sealed();
      const first = heldKey('b');
      const one = rewrap(path, { keys, add: [first.key] });
      await first.begun;
      const two = rewrap(path, { keys, add: [key('c')], onWait: first.go });
      expect(await Promise.all([one, two])).toMatchObject([{ generation: 2 }, { generation: 3 }]);
      expect(await urisOf(path)).toEqual(all('a', 'b', 'c'));
    });

    it('who waits can stop waiting, and the other one goes on', async () => {
      const path = await sealed();
      const first = heldKey('b');
      const one = rewrap(path, { keys, add: [first.key] });
      await first.begun;
      const impatient = new AbortController();
      const two = rewrap(path, {
        keys,
        add: [key('c')],
        signal: impatient.signal,
        onWait: () => impatient.abort(),
      });
      await expect(two).rejects.toEqual(code('ABORTED'));
      const third = rewrap(path, { keys, add: [key('d')] });
      first.go();
      await one;
      await third;
      expect(await urisOf(path)).toEqual(all('a', 'b', 'd'));
      expect(await everythingIn(dirname(path))).toEqual(['file']);
    });

    it.each<[string, () => void]>([
      [
        'throws',
        () => {
          throw new Error('of the caller');
        },
      ],
      ['rejects', () => Promise.reject(new Error('of the caller'))],
    ])('what onWait %s ends the wait, and nothing else', async (_, onWait) => {
      const path = await sealed();
      const first = heldKey('b');
      const one = rewrap(path, { keys, add: [first.key] });
      await first.begun;
      const two = await failureOf(() => rewrap(path, { keys, add: [key('c')], onWait }));
      expect(two).toEqual(new Error('of the caller'));
      first.go();
      await one;
      await rewrap(path, { keys, add: [key('d')] });
      expect(await urisOf(path)).toEqual(all('a', 'b', 'd'));
      expect(await everythingIn(dirname(path))).toEqual(['file']);
    });

    it('one that fails lets the next one in', async () => {
      const path = await sealed();
      await Promise.all([
        expect(rewrap(path, { keys, remove: ['clear:nobody'] })).rejects.toEqual(code('RECIPIENT_NOT_FOUND')),
        rewrap(path, { keys, add: [key('b')] }),
      ]);
      expect(await urisOf(path)).toEqual(all('a', 'b'));
      expect(await everythingIn(dirname(path))).toEqual(['file']);
    });

    it('another process that has the file is waited for', async () => {
      const path = await sealed();
      const other = await otherProcess(path, 'b', 'rewrap');
      await rewrap(path, { keys, add: [key('c')], onWait: other.go });
      expect(await other.ended).toBe('holding\n');
      expect(await urisOf(path)).toEqual(all('a', 'b', 'c'));
    });

    it('another process that is killed while it has the file is no obstacle', async () => {
      const path = await sealed();
      const other = await otherProcess(path, 'b', 'rewrap');
      await rewrap(path, { keys, add: [key('c')], onWait: () => other.child.kill('SIGKILL') });
      expect(await urisOf(path)).toEqual(all('a', 'c'));
    });

    it.runIf(process.allowedNodeEnvironmentFlags.has('--permission'))(
      'a process that may start no program is waited for as well, and is no obstacle when it is dead (on a Node with --permission)',
      async () => {
        for (const end of ['go', 'kill'] as const) {
          const path = await sealed();
          const other = await otherProcess(path, 'b', 'rewrap', [
            '--permission',
            '--allow-fs-read=*',
            '--allow-fs-write=*',
          ]);
          expect(await everythingIn(dirname(path))).toHaveLength(2);
          const onWait = end === 'go' ? other.go : () => void other.child.kill('SIGKILL');
          await rewrap(path, { keys, add: [key('c')], onWait });
          expect(await urisOf(path)).toEqual(end === 'go' ? all('a', 'b', 'c') : all('a', 'c'));
          await other.ended;
          expect(await everythingIn(dirname(path))).toEqual(['file']);
        }
      },
    );
  });
});

describe.runIf(process.platform === 'linux')('a path (on Linux)', () => {
  const back = process.cwd();
  afterEach(() => {
    process.chdir(back);
    vi.restoreAllMocks();
  });
  /** A working directory below one that this user may not search, and back to it that can. */
  const shutIn = async (path: string, work: () => Promise<void>) => {
    const root = process.geteuid?.() === 0;
    const inner = dirname(path);
    const outer = dirname(inner);
    process.chdir(inner);
    if (root) {
      await chown(inner, OWNER, OWNER);
      await chown(path, OWNER, OWNER);
      process.setegid!(OWNER);
      process.seteuid!(OWNER);
    } else await chmod(outer, 0);
    try {
      await work();
    } finally {
      if (root) {
        process.seteuid!(0);
        process.setegid!(0);
      } else await chmod(outer, 0o700);
    }
  };
  /** In a directory of its own within one that only its owner may search. */
  const sealedWithin = async () => {
    const path = `${await temp.directory()}/inner/file`;
    await mkdir(dirname(path));
    await sealToFile(bufferSource(PLAINTEXT), path, { keys, segmentLength: 256, manifest: false });
    return path;
  };

  it.each(['with flock', 'without'])(
    'is followed from the working directory, wherever that lies (%s)',
    async (way) => {
      const path = await sealedWithin();
      await mkdir(`${dirname(path)}/below`);
      await symlink('../file', `${dirname(path)}/below/link`);
      await symlink('below/link', `${dirname(path)}/first`);
      if (way === 'without') withoutPrograms();
      await shutIn(path, async () => {
        expect((await failureOf(() => readFile(path))) as object).toMatchObject({ code: 'EACCES' });
        await rewrap('file', { keys, add: [key('b')] });
        await rewrap('./below/../first', { keys, add: [key('c')] });
        await reseal('first', { keys: everybody, add: [key('d')] });
      });
      process.chdir(back);
      expect(await urisOf(path)).toEqual(all('a', 'b', 'c', 'd'));
      expect(await everythingIn(dirname(path))).toEqual(['below', 'file', ...withManifest('first')]);
    },
  );

  it('that leads round in a circle is refused', async () => {
    const path = await sealedWithin();
    await symlink('circle', `${dirname(path)}/circle`);
    await shutIn(path, async () => {
      const error = await refusal(() => rewrap('circle', { keys, add: [key('b')] }));
      expect(error.message).toContain('circle');
    });
  });
});

describe.concurrent('a file that is replaced while it is waited for', () => {
  it.each(['rewrap', 'reseal'] as const)(
    'a %s that comes during a reseal changes the new file',
    async (name) => {
      const path = await sealed();
      const first = heldKey('b');
      const one = reseal(path, { keys: everybody, add: [first.key] });
      await first.begun;
      const two = { rewrap, reseal }[name](path, { keys: everybody, add: [key('c')], onWait: first.go });
      const [{ id }] = await Promise.all([one, two]);
      expect(await urisOf(path)).toEqual(all('a', 'b', 'c'));
      expect((await verify(path, { keys })).id === id).toBe(name === 'rewrap');
      expect(await everythingIn(dirname(path))).toEqual(withManifest('file'));
      expect((await verifyManifest(path)).files).toBe(1);
    },
  );

  it('a reseal that comes during a rewrap keeps what that one changed', async () => {
    const path = await sealed();
    const first = heldKey('b');
    const one = rewrap(path, { keys, add: [first.key] });
    await first.begun;
    await Promise.all([one, reseal(path, { keys: everybody, onWait: first.go })]);
    expect(await urisOf(path)).toEqual(all('a', 'b'));
  });

  it('a rewrap that comes during one that writes the file anew changes the new file', async () => {
    const path = await sealed();
    const first = heldKey('b'.repeat(2000));
    const large = ['c', 'd', 'e'].map((name) => key(name.repeat(2000)));
    const one = rewrap(path, { keys, add: [first.key, ...large], grow: true });
    await first.begun;
    const two = rewrap(path, { keys, add: [key('f')], onWait: first.go });
    await Promise.all([one, two]);
    expect(await urisOf(path)).toHaveLength(6);
    expect(await verify(path, { keys })).toMatchObject({ size: PLAINTEXT.length });
  });

  it('a reseal of another process is waited for, and its file is the one that is changed', async () => {
    const path = await sealed();
    const other = await otherProcess(path, 'b', 'reseal');
    await rewrap(path, { keys, add: [key('c')], onWait: other.go });
    expect(await other.ended).toBe('holding\n');
    expect(await urisOf(path)).toEqual(all('a', 'b', 'c'));
  });
});

describe('the lock file', () => {
  afterEach(() => void vi.restoreAllMocks());

  const besides = (path: string) => `${dirname(path)}/.${statSync(path).ino.toString(16)}.weightseal-lock`;
  const lockOf = (path: string, signal?: AbortSignal) =>
    lockBeside(path, statSync(path, { bigint: true }), signal);
  /** What one of a process of this machine says, but for the number of the process. */
  const left = async (path: string, edit: (own: string) => string) => {
    const unlock = await lockOf(path);
    const own = await readFile(besides(path), 'utf8');
    await unlock();
    await writeFile(besides(path), edit(own));
  };
  /** Does something as a user who may not remove that file; the sealed one may be written. */
  const withoutRightTo = async (path: string, file: string, work: () => Promise<void>) => {
    const root = process.geteuid?.() === 0;
    const directory = dirname(path);
    if (root) {
      for (const above of [dirname(directory), directory]) await chmod(above, 0o1777);
      await chmod(path, 0o666);
      await chown(file, STRANGER, STRANGER);
      process.seteuid!(OWNER);
    } else await chmod(directory, 0o555);
    try {
      await work();
    } finally {
      if (root) process.seteuid!(0);
      await chmod(directory, 0o755);
    }
  };
  const waits = async (path: string) => {
    const signal = AbortSignal.timeout(200);
    return (await failureOf(() => lockOf(path, signal))) !== undefined;
  };

  it('says whose it is, and goes with the lock', async () => {
    const path = await sealed();
    const unlock = await lockOf(path);
    expect(await readFile(besides(path), 'utf8')).toContain(encodeURIComponent(hostname()));
    expect(await waits(path)).toBe(true);
    await unlock();
    expect(await everythingIn(dirname(path))).toEqual(['file']);
  });

  it('of a dead process is taken over, of one elsewhere or alive it is not', async () => {
    const path = await sealed();
    const pid = ` ${process.pid} `;
    await left(path, (own) => own.replace(pid, ' 4194305 '));
    await (await lockOf(path))();
    expect(await everythingIn(dirname(path))).toEqual(['file']);
    await left(path, (own) => `elsewhere-${own.replace(pid, ' 4194305 ')}`);
    expect(await waits(path)).toBe(true);
    await writeFile(besides(path), 'somebody wrote this\n');
    expect(await waits(path)).toBe(true);
  });

  it('of another machine is taken over when nobody has renewed it for long enough', async () => {
    const path = await sealed();
    const inode = statSync(path, { bigint: true });
    await left(path, (own) => `elsewhere-${own}`);
    const renewing = setInterval(() => utimesSync(besides(path), new Date(), new Date()), 10);
    const impatient = AbortSignal.timeout(3000);
    expect(await failureOf(() => lockBeside(path, inode, impatient, { patienceMs: 1500 }))).toEqual(
      code('ABORTED'),
    );
    clearInterval(renewing);
    await (await lockBeside(path, inode, undefined, { patienceMs: 400 }))();
    expect(await everythingIn(dirname(path))).toEqual(['file']);
  });

  it.runIf(process.platform !== 'win32').each(['with flock', 'without'])(
    "is a regular file: whatever else stands there is nobody's lock, stays, and is never followed (%s)",
    async (way) => {
      const path = await sealed();
      const target = `${dirname(path)}/target`;
      const dead = `${encodeURIComponent(hostname())} 4194305 0123456789abcdef\n`;
      await writeFile(target, dead);
      if (way === 'without') withoutPrograms();
      for (const [number, place] of [
        () => symlink(target, besides(path)),
        () => symlink('nowhere', besides(path)),
        () => mkdir(besides(path)),
        async () => void execFileSync('mkfifo', [besides(path)]),
      ].entries()) {
        await place();
        await rewrap(path, { keys, add: [key(`b${number}`)], signal: AbortSignal.timeout(50_000) });
        expect(await everythingIn(dirname(path))).toEqual([basename(besides(path)), 'file', 'target']);
        await rm(besides(path), { recursive: true });
      }
      expect(await readFile(target, 'utf8')).toBe(dead);
    },
  );

  it.runIf(process.platform !== 'win32').each(['with flock', 'without'])(
    'of a dead process is no obstacle where it cannot be removed (%s)',
    async (way) => {
      const path = await sealed();
      await left(path, (own) => own.replace(` ${process.pid} `, ' 4194305 '));
      if (way === 'without') withoutPrograms();
      await withoutRightTo(path, besides(path), async () => {
        await rewrap(path, { keys, add: [key('b')], signal: AbortSignal.timeout(50_000) });
      });
      expect(await urisOf(path)).toEqual(all('a', 'b'));
      expect(await everythingIn(dirname(path))).toEqual([basename(besides(path)), 'file']);
    },
  );

  it.runIf(process.platform !== 'win32')(
    'that nobody renews is no obstacle where it cannot be removed',
    async () => {
      const path = await sealed();
      const inode = statSync(path, { bigint: true });
      await left(path, (own) => `elsewhere-${own}`);
      await withoutRightTo(path, besides(path), async () => {
        await (await lockBeside(path, inode, AbortSignal.timeout(50_000), { patienceMs: 100 }))();
      });
      expect(existsSync(besides(path))).toBe(true);
    },
  );

  it.runIf(process.geteuid?.() === 0)(
    "of a stranger is nobody's for who has the system's lock; that of root or of the file's owner is waited for (as root)",
    async () => {
      const path = await sealed();
      await chown(path, OWNER, OWNER);
      const change = (name: string, ms: number) =>
        rewrap(path, { keys, add: [key(name)], signal: AbortSignal.timeout(ms) });
      await left(path, (own) => own);
      await chown(besides(path), STRANGER, STRANGER);
      await change('b', 50_000);
      for (const uid of [0, OWNER]) {
        await chown(besides(path), uid, uid);
        expect((await refusal(() => change('c', 300))).code).toBe('ABORTED');
      }
      expect(await urisOf(path)).toEqual(all('a', 'b'));
    },
  );

  const dead = (own: string) => own.replace(` ${process.pid} `, ' 4194305 ');

  it('only one of many takes a dead one over at a time', async () => {
    const path = await sealed();
    for (let round = 0; round < 10; round++) {
      await left(path, dead);
      let inside = 0;
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          const unlock = await lockOf(path);
          expect(++inside).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          await unlock();
        }),
      );
    }
    expect(await readdir(dirname(path))).toEqual([basename(path)]);
  });

  it('is taken over although whoever was about to has died too', async () => {
    const path = await sealed();
    await left(path, dead);
    await writeFile(besides(path).replace(/lock$/, 'tmp'), await readFile(besides(path)));
    await (await lockOf(path))();
    expect(await readdir(dirname(path))).toEqual([basename(path)]);
  });

  it.skipIf(process.geteuid?.() === 0)(
    'is not needed where nobody can make one (as another user than root)',
    async () => {
      const path = await sealed();
      await chmod(dirname(path), 0o555);
      withoutPrograms();
      await rewrap(path, { keys, add: [key('b')] });
      await chmod(dirname(path), 0o755);
      expect(await urisOf(path)).toEqual(all('a', 'b'));
    },
  );
});

it('who writes without asking for the lock is told as that, and not as a fault of the disk', async () => {
  const path = await sealed();
  const foreign = `${await temp.directory()}/copy`;
  await writeFile(foreign, await readFile(path));
  await rewrap(foreign, { keys, add: [key('c')] });
  const theirs = await readFile(foreign);
  const { default: fs } = await import('node:fs/promises');
  const handle = await fs.open(path);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { datasync } = prototype;
  vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: unknown) {
    await writeFile(path, theirs, { flag: 'r+' });
    return datasync.call(this);
  });
  const error = await refusal(() => rewrap(path, { keys, add: [key('b')] }));
  expect(error.code).toBe('INPUT_CHANGED');
  vi.restoreAllMocks();
  expect(await verify(path, { keys })).toMatchObject({ size: PLAINTEXT.length });
});

it('an envelope that was written as often as it can be is refused before any key is asked', async () => {
  const { forge } = await import('./support/forge.js');
  const { smallParts, dataKeyOf } = await import('./support/small-file.js');
  const path = temp.path();
  const { bytes } = forge({ ...smallParts(100), generation: Number.MAX_SAFE_INTEGER });
  await writeFile(path, bytes);
  const asked = dataKeyOf();
  const error = await refusal(() => rewrap(path, { keys: [asked], add: [key('b')] }));
  expect(error.code).toBe('GENERATION_EXHAUSTED');
  expect(error.message).toContain('reseal');
  expect(asked.unwraps).toBe(0);
  expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
});
