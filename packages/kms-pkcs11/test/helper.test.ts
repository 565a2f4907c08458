import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sealToFile } from '@weightseal/core';
import { createPkcs11Key } from '@weightseal/kms-pkcs11';
import { afterAll, describe, expect, it } from 'vitest';

// Needs no HSM: what happens where the module itself is the trouble.
const directory = await mkdtemp(join(tmpdir(), 'weightseal-pkcs11-'));
afterAll(() => rm(directory, { recursive: true }));
const dataKey = () => new Uint8Array(32).fill(7);
const keyIn = (module: string, deadlineMs = 10_000) =>
  createPkcs11Key({ module, object: 'k', pin: '4711', deadlineMs });

/** The loader opens it, and waits for a writer for ever: a module that hangs, without a compiler. */
function hanging(name: string): string {
  const path = join(directory, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/** The sockets of a process that take connections. */
async function listening(pid: number): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const rows = await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => '');
  const columns = rows.split('\n').map((row) => row.trim().split(/\s+/));
  const inodes = columns.filter(([, , , state]) => state === '0A').map(([, , , , , , , , , inode]) => inode);
  return targets.filter((target) => inodes.some((inode) => target === `socket:[${inode}]`));
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const posix = process.platform !== 'win32';

describe('a module', () => {
  it('that is not there is unavailable, and the path is told', async () => {
    const call = keyIn(join(directory, 'missing.so')).wrap(dataKey(), {});
    await expect(call).rejects.toMatchObject({
      code: 'KEY_UNAVAILABLE',
      message: expect.stringContaining('missing.so'),
    });
  });

  it('is not reached where the code was bundled and its helper left behind, and the error says so', async () => {
    const dist = dirname(fileURLToPath(import.meta.resolve('@weightseal/kms-pkcs11')));
    const bundle = await mkdtemp(join(directory, 'bundle-'));
    for (const file of await readdir(dist))
      if (file.endsWith('.js') && file !== 'worker.js') await copyFile(join(dist, file), join(bundle, file));
    await symlink(join(import.meta.dirname, '..', 'node_modules'), join(bundle, 'node_modules'));
    await writeFile(join(bundle, 'package.json'), '{"type":"module"}');
    const program = `
      import { createPkcs11Key } from './index.js';
      const key = createPkcs11Key({ module: '/missing.so', object: 'k', pin: '4711' });
      await key.wrap(new Uint8Array(32), {}).catch(({ code, message }) => console.log(code, message));`;
    await writeFile(join(bundle, 'main.js'), program);
    const said = execFileSync(process.execPath, [join(bundle, 'main.js')], { encoding: 'utf8' });
    expect(said).toMatch(/^KEY_UNAVAILABLE .*out of the bundle/);
  });

  it('that is no library is unavailable', async () => {
    const path = join(directory, 'text.so');
    await writeFile(path, 'not a library');
    await expect(keyIn(path).wrap(dataKey(), {})).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it('that is a library of something else is unavailable', async () => {
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    const libc = sharedObjects.find((name) => /libc[.-]|libSystem|kernel32/i.test(name));
    await expect(keyIn(libc!).wrap(dataKey(), {})).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it.runIf(posix)('that hangs runs into the deadline, and the next call too', async () => {
    const key = keyIn(hanging('hangs.so'), 400);
    for (let i = 0; i < 2; i++)
      await expect(key.wrap(dataKey(), {})).rejects.toMatchObject({ code: 'KEY_TIMEOUT' });
  });

  it.runIf(posix)('that hangs blocks neither the event loop nor files', async () => {
    const key = keyIn(hanging('hangs-many.so'), 50_000);
    const { signal, abort } = abortable();
    let over = 0;
    const calls = Array.from({ length: 20 }, () =>
      key.wrap(dataKey(), {}, { signal }).catch((error: unknown) => {
        over++;
        return error;
      }),
    );
    for (let i = 0; i < 50; i++) await readFile(new URL(import.meta.url));
    expect(over).toBe(0);
    abort();
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'ABORTED' });
  });

  it.runIf(posix)('that hangs leaves no file behind when a seal ends', async () => {
    const key = keyIn(hanging('hangs-seal.so'), 400);
    const output = join(directory, 'sealed');
    const call = sealToFile(new URL(import.meta.url).pathname, output, { keys: [key] });
    await expect(call).rejects.toMatchObject({ code: 'KEY_TIMEOUT' });
    await expect(readFile(output)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe.runIf(process.platform === 'linux')('the helper (on Linux)', () => {
  /** Those of our children that run the helper. */
  async function helpers(): Promise<number[]> {
    const found = await Promise.all(
      (await readdir('/proc')).map(async (name) => {
        const read = (what: string) => readFile(`/proc/${name}/${what}`, 'utf8').catch(() => '');
        const ours = (await read('status')).includes(`PPid:\t${process.pid}\n`);
        return ours && (await read('cmdline')).includes('no-debugger.so') ? [Number(name)] : [];
      }),
    );
    return found.flat();
  }

  it('opens no debugger on SIGUSR1, whenever that comes, and works on', async () => {
    const said: string[] = [];
    const key = keyIn(hanging('no-debugger.so'), 50_000);
    const { signal, abort } = abortable();
    const call = key.wrap(dataKey(), {}, { signal }).catch((error: unknown) => error);
    for (let sent = 0; sent < 20; ) {
      const found = await helpers();
      for (const pid of found) process.kill(pid, 'SIGUSR1');
      sent += found.length;
      await setTimeout(20);
      for (const pid of found) said.push(...(await listening(pid)));
    }
    expect(await helpers()).toHaveLength(1);
    expect(said).toEqual([]);
    abort();
    await expect(call).resolves.toMatchObject({ code: 'ABORTED' });
  });
});

describe.runIf(posix)('a program that uses a module which hangs', () => {
  const program = (module: string, end: string) => `
    import { createPkcs11Key } from ${JSON.stringify(import.meta.resolve('@weightseal/kms-pkcs11'))};
    const key = createPkcs11Key({ module: ${JSON.stringify(module)}, object: 'k', pin: '4711', deadlineMs: 500 });
    const call = key.wrap(new Uint8Array(32), {}).catch((error) => console.log(error.code));
    ${end}`;

  async function run(name: string, end: string) {
    const module = hanging(`${name}.so`);
    const path = join(directory, `${name}.mjs`);
    await writeFile(path, program(module, end));
    const { stdout, status } = spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 50_000 });
    // Whoever still waits for the FIFO is a helper that was left behind: then this open would succeed.
    const left = spawnSync(process.execPath, [
      '-e',
      `require('fs').openSync(${JSON.stringify(module)}, require('fs').constants.O_WRONLY | require('fs').constants.O_NONBLOCK)`,
    ]);
    return { stdout: stdout.trim(), status, helperLeft: left.status === 0 };
  }

  it('ends by itself after the deadline, and takes the helper along', async () => {
    expect(await run('natural', '')).toEqual({ stdout: 'KEY_TIMEOUT', status: 0, helperLeft: false });
  });

  it('ends at once when it wants to', async () => {
    expect(await run('exit', 'setTimeout(() => process.exit(3), 200);')).toEqual({
      stdout: '',
      status: 3,
      helperLeft: false,
    });
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'takes the helper along when %s ends it',
    async (signal) => {
      const module = hanging(`${signal}.so`);
      const path = join(directory, `${signal}.mjs`);
      await writeFile(path, program(module, 'setTimeout(() => {}, 60_000);').replace('500', '50_000'));
      const child = spawn(process.execPath, [path], { stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr.resume();
      await setTimeout(300);
      child.kill(signal);
      // Only when nobody holds its standard error any more, which the helper does too.
      await once(child, 'close');
    },
  );

  it('that has no descriptor left gets KEY_UNAVAILABLE, and goes on', async () => {
    const path = join(directory, 'descriptors.mjs');
    const end = `await call; setTimeout(() => console.log('goes on'), 50);`;
    const fill = `import { openSync } from 'node:fs'; try { for (;;) openSync('/dev/null'); } catch {}`;
    // The package itself is imported first, as all imports are.
    await writeFile(
      path,
      program(join(directory, 'missing.so'), end).replace('const key', `${fill} const key`),
    );
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -n 60; exec "$0" "$1"', process.execPath, path], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('KEY_UNAVAILABLE\ngoes on\n');
  });

  it('is not held up by a call that it aborted', async () => {
    const end = `const c = new AbortController(); setTimeout(() => c.abort(), 200); await call;
      await key.wrap(new Uint8Array(32), {}, { signal: AbortSignal.abort() }).catch((error) => console.log(error.code));`;
    expect(await run('aborted', end)).toEqual({
      stdout: 'KEY_TIMEOUT\nABORTED',
      status: 0,
      helperLeft: false,
    });
  });
});

it('the package loads no native code into this process', () => {
  const url = pathToFileURL(new URL(import.meta.resolve('@weightseal/kms-pkcs11')).pathname).href;
  const script = `await import(${JSON.stringify(url)}); console.log(process.report.getReport().sharedObjects.filter((name) => name.includes('koffi')).length)`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout.trim()).toBe('0');
});
