import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Outcome, type Running, Sandbox } from './support/cli.js';

const MIB = 1_048_576;
const SLOW = { timeout: 30_000 };

async function withModel(): Promise<Sandbox> {
  const sandbox = await Sandbox.create();
  await sandbox.run(
    `head -c ${64 * MIB} /dev/zero > model && weightseal keygen k && weightseal seal model -k local:k -c a=b -q`,
  );
  return sandbox;
}

/** Sends more than a pipe holds, so that the process surely is at work, and leaves stdin open: it waits for more. */
async function feed(running: Running): Promise<void> {
  for (let sent = 0; sent < 4; sent++) {
    if (!running.stdin.write(Buffer.alloc(MIB))) await once(running.stdin, 'drain');
  }
}

describe('signals', () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const stderr = `weightseal: Stopped by ${signal}.\n  code: ABORTED (weightseal help ABORTED)\n`;

    test(`${signal} while sealing leaves nothing and exits with ${code}`, SLOW, async () => {
      await using sandbox = await withModel();
      const before = await sandbox.files();
      const running = sandbox.start('exec weightseal seal - -o out --key local:k');
      await feed(running);
      running.kill(signal);
      expect(await running.outcome).toEqual({ code, stdout: '', stderr });
      expect(await sandbox.files()).toEqual(before);
    });

    test(`${signal} is heard while the reader of stdout does not read`, SLOW, async () => {
      await using sandbox = await withModel();
      // The shell holds the pipe's other end open, and nobody reads from it.
      const script = `mkfifo f; exec 3<>f; weightseal open model.sealed -o - -k local:k > f & head -c 1 <&3 > x; kill -${signal.slice(3)} $!; wait $!`;
      // dash gives a background process SIGINT ignored; bash with job control does not.
      expect(await sandbox.run(`exec bash -m -c '${script}' 2>&1`)).toMatchObject({ code });
    });
  }

  test('--json tells of it too', SLOW, async () => {
    await using sandbox = await withModel();
    const running = sandbox.start('exec weightseal seal - -o - --key local:k --json > /dev/null');
    await feed(running);
    running.kill('SIGINT');
    const { stderr, code } = await running.outcome;
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'ABORTED', class: 'aborted', message: 'Stopped by SIGINT.' },
    });
    expect(code).toBe(130);
  });
});

describe('a reader that leaves early', () => {
  for (const command of [
    'open model.sealed -o - -k local:k',
    'seal model -o - -k local:k',
    'completion bash',
  ]) {
    test(`${command}: stops without a word`, SLOW, async () => {
      await using sandbox = await withModel();
      const { stderr, stdout } = await sandbox.run(
        `{ weightseal ${command}; echo $? >&3; } 3>code | true; cat code`,
      );
      expect(stderr).toBe('');
      expect(stdout).toBe('6\n');
    });
  }
});

describe('progress', () => {
  const commands = {
    sealing: 'seal model -o new -k local:k',
    opening: 'open model.sealed -o new -k local:k -c a=b',
    verifying: 'verify model.sealed -k local:k -c a=b',
    resealing: 'reseal model.sealed -k local:k',
  };
  for (const [doing, command] of Object.entries(commands)) {
    test(`${doing} shows a bar on a terminal and nothing in a pipe`, SLOW, async () => {
      await using sandbox = await withModel();
      const inTerminal = await sandbox.run(`script -qec 'weightseal ${command}' /dev/null`);
      expect(inTerminal.stdout).toContain(`${doing} [----------------]   0% 0 B of `);
      expect(inTerminal.stdout).toMatch(/100% [0-9.]+ MiB of [0-9.]+ MiB, [0-9.]+ [KMG]iB\/s, 0 s left/);
      expect(inTerminal.code).toBe(0);
      const quiet = await sandbox.run(`rm -f new; script -qec 'weightseal ${command} --quiet' /dev/null`);
      expect(quiet).toEqual({ stdout: '', stderr: '', code: 0 });
      const inPipe = await sandbox.run(`rm -f new; weightseal ${command}`);
      expect(inPipe).toMatchObject({ stderr: '', code: 0 });
    });
  }
});

describe('the passphrase', () => {
  /** Types each answer when its question stands on the terminal. */
  async function answer(
    sandbox: Sandbox,
    command: string,
    answers: Record<string, string | Buffer>,
  ): Promise<Outcome> {
    const running = sandbox.start(`exec script -qec '${command}' /dev/null`);
    const open = new Map(Object.entries(answers));
    let shown = '';
    running.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      for (const [question, typed] of open) {
        if (shown.includes(question) && open.delete(question))
          running.stdin.write(Buffer.concat([Buffer.from(typed), Buffer.from('\n')]));
      }
    });
    return await running.outcome;
  }

  test('is asked for twice to seal and once to open, and never shown', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const sealed = await answer(sandbox, 'weightseal seal model -k passphrase:', {
      'New passphrase: ': 'hunter2',
      'Once more: ': 'hunter2',
    });
    expect(sealed.stdout).toContain('sealed 8 B');
    const opened = await answer(sandbox, 'weightseal open model.sealed -o out -k passphrase:', {
      'Passphrase: ': 'hunter2',
    });
    expect(opened.stdout).toContain('opened 8 B');
    expect(sealed.stdout + opened.stdout).not.toContain('hunter2');
  });

  test(
    'may be pasted twice before it is asked again, and what comes after it is left to the shell',
    SLOW,
    async () => {
      await using sandbox = await Sandbox.create();
      await sandbox.run('echo weights > model');
      const command = 'weightseal seal model -k passphrase: -q; IFS= read -r next; echo "next is $next"';
      const { stdout, code } = await answer(sandbox, `bash -c "${command.replaceAll(/["$]/g, '\\$&')}"`, {
        'New passphrase: ': 'hunter2\nhunter2\nfor the shell',
      });
      expect(stdout).toContain('next is for the shell');
      expect(code).toBe(0);
      const opened = await answer(sandbox, 'weightseal verify model.sealed -k passphrase: -q', {
        'Passphrase: ': 'hunter2',
      });
      expect(opened.code).toBe(0);
    },
  );

  test('that is not UTF-8 is refused, also when it is the same both times', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const { stdout, code } = await answer(sandbox, 'weightseal seal model -k passphrase:', {
      'New passphrase: ': Buffer.of(0xe9, 0xe9),
      'Once more: ': Buffer.of(0xe9, 0xe9),
    });
    expect(stdout).toContain('UTF-8');
    expect(code).toBe(4);
    expect(await sandbox.files()).toEqual(['model']);
  });

  test('has to be the same both times', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const { stdout, code } = await answer(sandbox, 'weightseal seal model -k passphrase:', {
      'New passphrase: ': 'one',
      'Once more: ': 'two',
    });
    expect(stdout).toContain('code: PASSPHRASE_REQUIRED');
    expect(code).toBe(4);
    expect(await sandbox.files()).toEqual(['model']);
  });
});
