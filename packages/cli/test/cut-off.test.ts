import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Running, Sandbox } from './support/cli.js';

const SLOW = { timeout: 180_000 };
const FILES = 12;
const PLAINTEXT = 'weights-in-the-clear';

/** A bundle of large files, which takes a while. */
async function withBundle(): Promise<Sandbox> {
  const sandbox = await Sandbox.create();
  const make = `for n in $(seq ${FILES}); do yes ${PLAINTEXT} | head -c 9000000 > model/$n; done`;
  await sandbox.run(`mkdir model; ${make}; weightseal keygen k; weightseal seal model -k local:k -c a=b -q`);
  return sandbox;
}

/** Starts a command with a state directory in the sandbox. */
function start(sandbox: Sandbox, words: string): Running {
  return sandbox.start(`XDG_STATE_HOME='${sandbox.path}/state' exec weightseal ${words}`);
}

async function run(sandbox: Sandbox, words: string) {
  return await start(sandbox, words).outcome;
}

/** Kills it as soon as it is so; fails where it ends before. */
async function killWhen(running: Running, isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    expect(running.exitCode).toBe(null);
    await sleep(1);
  }
  running.kill('SIGKILL');
  await running.outcome;
}

/** Bytes of all journals. */
async function journalBytes(sandbox: Sandbox): Promise<number> {
  const directory = join(sandbox.path, 'state/weightseal/seals');
  try {
    const sizes = await Promise.all(readdirSync(directory).map((name) => stat(join(directory, name))));
    return sizes.reduce((sum, { size }) => sum + size, 0);
  } catch {
    return 0;
  }
}

for (const [command, words, said] of [
  ['seal', 'seal model -o other.sealed -k local:k', /^Not sealed again: ([0-9]+) files? of a seal/m],
  ['reseal', 'reseal model.sealed -k local:k', /^Not encrypted again: ([0-9]+) files? of a reseal/m],
] as const)
  test(`a ${command} that is killed goes on when it is said again, and says so`, SLOW, async () => {
    await using sandbox = await withBundle();
    const running = start(sandbox, words);
    let begun = 0;
    await killWhen(running, async () => {
      const bytes = await journalBytes(sandbox);
      if (begun === 0 && bytes > 0) begun = bytes;
      // Beyond its head, which is written at once.
      return begun > 0 && bytes > begun;
    });
    const { stdout, stderr, code } = await run(sandbox, words);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const kept = Number(said.exec(stdout)?.[1]);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(FILES);
    expect((await sandbox.files()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

test.runIf(process.platform === 'linux')(
  '`weightseal sweep` removes what an open has left that was killed with its guardian (on Linux)',
  SLOW,
  async () => {
    await using sandbox = await withBundle();
    const running = start(sandbox, 'open model.sealed -o opened -k local:k -q');
    let guardian: number | undefined;
    await killWhen(running, async () => {
      guardian ??= guardianOf(running.pid!);
      if (guardian === undefined || plaintextBeside(sandbox) === undefined) return false;
      process.kill(guardian, 'SIGKILL');
      return true;
    });
    const left = plaintextBeside(sandbox);
    expect(left, 'there is plaintext').toBeDefined();
    expect(await run(sandbox, 'sweep')).toEqual({
      stdout: expect.stringContaining(`removed "${join(sandbox.path, left!)}"\n`),
      stderr: '',
      code: 0,
    });
    expect((await sandbox.files()).filter((name) => name.startsWith('.'))).toEqual([]);
  },
);

/** The process that waits for its end, in a session of its own. */
function guardianOf(pid: number): number | undefined {
  const found = readdirSync('/proc').filter((name) => {
    try {
      const stats = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [, parent, , session] = stats.slice(stats.lastIndexOf(')') + 2).split(' ');
      return Number(parent) === pid && session === name;
    } catch {
      return false;
    }
  });
  return found[0] === undefined ? undefined : Number(found[0]);
}

/** The hidden directory with plaintext in it, if there is one by now. */
function plaintextBeside({ path }: Sandbox): string | undefined {
  return readdirSync(path).find((name) => {
    if (!name.endsWith('.weightseal-tmp')) return false;
    try {
      const files = readdirSync(join(path, name, 'new'));
      return files.some((file) => readFileSync(join(path, name, 'new', file)).includes(PLAINTEXT));
    } catch {
      return false;
    }
  });
}
