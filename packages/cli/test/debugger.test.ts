import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Running, Sandbox } from './support/cli.js';

const MIB = 1_048_576;
const LISTENS = '0A';
const linux = process.platform === 'linux';

/** Whether any socket of that process takes connections. */
async function listens(pid: number): Promise<boolean> {
  const sockets = new Set<string>();
  // One that has ended takes none.
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    sockets.add(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
  }
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => '');
  const rows = table.split('\n').slice(1);
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return columns.some(([, , , state, , , , , , inode = '-']) => state === LISTENS && sockets.has(inode));
}

/** When more than a pipe holds has been taken, our own code is at work. */
async function feed(running: Running): Promise<void> {
  for (let sent = 0; sent < 4; sent++) {
    if (!running.stdin.write(Buffer.alloc(MIB))) await once(running.stdin, 'drain');
  }
}

describe.runIf(linux)('SIGUSR1 opens no debugger (on Linux)', () => {
  test('at work, and is nothing to the work', async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('weightseal keygen k');
    const running = sandbox.start('exec weightseal seal - -o out --key local:k -q');
    await feed(running);
    for (let i = 0; i < 3; i++) {
      running.kill('SIGUSR1');
      await feed(running);
      expect(await listens(running.pid!)).toBe(false);
    }
    running.stdin.end();
    expect(await running.outcome).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('whenever it comes: where Node has opened one before our first line, the process ends', {
    timeout: 120_000,
  }, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('weightseal keygen k');
    let lived = 0;
    // On a busy machine, it is later that it hears of one.
    for (let after = 0; after < 60 || lived === 0; after += 4 + Math.floor(after / 10)) {
      const running = sandbox.start('exec weightseal seal - -o out --key local:k -q --force');
      const fed = feed(running).then(
        () => true,
        () => false,
      );
      await sleep(after);
      running.kill('SIGUSR1');
      // Before Node hears it at all, it ends the process as it ends any other.
      if (!(await fed)) continue;
      lived++;
      await expect.poll(() => listens(running.pid!), { timeout: 50_000 }).toBe(false);
      running.kill('SIGKILL');
    }
    expect(lived).toBeGreaterThan(0);
  });

  test('nor does one open where the options of Node only hold the word', { timeout: 120_000 }, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('weightseal keygen k -q; echo > inspector-free.cjs');
    for (let after = 8; after < 60; after += 6) {
      const running = sandbox.start(
        'NODE_OPTIONS="--require ./inspector-free.cjs" exec weightseal seal - -o out --key local:k -q --force',
      );
      const fed = feed(running).then(
        () => true,
        () => false,
      );
      await sleep(after);
      running.kill('SIGUSR1');
      if (await fed) await expect.poll(() => listens(running.pid!), { timeout: 50_000 }).toBe(false);
      running.kill('SIGKILL');
    }
  });

  test('a debugger that was asked for stays', async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('weightseal keygen k');
    const running = sandbox.start(
      'NODE_OPTIONS=--inspect=127.0.0.1:0 exec weightseal seal - -o out --key local:k -q',
    );
    await feed(running);
    expect(await listens(running.pid!)).toBe(true);
    running.kill('SIGKILL');
    await running.outcome;
  });
});
