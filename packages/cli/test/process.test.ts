import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Outcome, type Running, Sandbox, sandboxesAfter } from './support/cli.js';

const MIB = 1_048_576;
const SLOW = { timeout: 120_000 };

const withModel = sandboxesAfter(
  `head -c ${64 * MIB} /dev/zero > model && weightseal keygen k && weightseal seal model -k local:k -c a=b -q`,
);

/** Sends more than a pipe holds, so that the process surely is at work, and leaves stdin open: it waits for more. */
async function feed(running: Running): Promise<void> {
  for (let sent = 0; sent < 4; sent++) {
    if (!running.stdin.write(Buffer.alloc(MIB))) await once(running.stdin, 'drain');
  }
}

describe.concurrent('signals', () => {
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

describe.concurrent('a reader that leaves early', () => {
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

describe.concurrent('progress', () => {
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

test.concurrent(
  'what takes long without bytes to count is told of on a terminal, and is gone at the end',
  SLOW,
  async () => {
    await using sandbox = await withModel();
    const slow = `import { createServer } from 'node:http'; import { spawn } from 'node:child_process';
    const server = createServer((_, answer) => setTimeout(() => answer.writeHead(403).end('{}'), 2000)).listen(0, '127.0.0.1', () => {
      const env = { ...process.env, VAULT_TOKEN: 't', VAULT_ADDR: 'http://127.0.0.1:' + server.address().port };
      const key = 'vault://127.0.0.1:' + server.address().port + '/transit/keys/m?tls=off';
      spawn('weightseal', [...process.argv.slice(2), key], { stdio: 'inherit', env }).on('exit', (code) => process.exit(code));
    });`;
    await sandbox.run(`cat > slow.mjs <<'END'\n${slow}\nEND`);
    const node = `'"'"'${process.execPath}'"'"'`;
    const [seal, check, quiet] = await Promise.all(
      ['seal model -o new -k', 'keys check local:k', 'keys check -q'].map((command) =>
        sandbox.run(`script -qec '${node} slow.mjs ${command}' /dev/null`),
      ),
    );
    expect(seal!.stdout).toMatch(/seal: working, for [0-9] s/);
    const after = seal!.stdout.split(/working, for [0-9] s/).at(-1);
    expect(after).toContain('\r\u001b[2K');
    expect(after).toContain('code: KEY_RESPONSE_INVALID');
    expect(check!.stdout).toMatch(/checking key 2, 2 of 2, for [0-9] s/);
    expect(quiet!.stdout).not.toContain('checking');
  },
);

describe.concurrent('the passphrase', () => {
  /** Types each answer when its question stands on the terminal, one after the other. */
  async function answer(
    sandbox: Sandbox,
    command: string,
    ...answers: readonly (readonly [string, string | Buffer])[]
  ): Promise<Outcome> {
    const running = sandbox.start(`exec script -qec '${command}' /dev/null`);
    const open = [...answers];
    let shown = '';
    running.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      while (open[0] !== undefined && shown.includes(open[0][0])) {
        const [question, typed] = open.shift()!;
        shown = shown.slice(shown.indexOf(question) + question.length);
        running.stdin.write(Buffer.concat([Buffer.from(typed), Buffer.from('\n')]));
      }
    });
    return await running.outcome;
  }

  test('is asked for twice to seal and once to open, and never shown', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const sealed = await answer(
      sandbox,
      'weightseal seal model -k passphrase:',
      ['New passphrase: ', 'four words of mine'],
      ['Once more: ', 'four words of mine'],
    );
    expect(sealed.stdout).toContain('sealed 8 B');
    const opened = await answer(sandbox, 'weightseal open model.sealed -o out -k passphrase:', [
      'Passphrase: ',
      'four words of mine',
    ]);
    expect(opened.stdout).toContain('opened 8 B');
    expect(sealed.stdout + opened.stdout).not.toContain('four words of mine');
  });

  test(
    'may be pasted twice before it is asked again, and what comes after it is left to the shell',
    SLOW,
    async () => {
      await using sandbox = await Sandbox.create();
      await sandbox.run('echo weights > model');
      const command = 'weightseal seal model -k passphrase: -q; IFS= read -r next; echo "next is $next"';
      const { stdout, code } = await answer(sandbox, `bash -c "${command.replaceAll(/["$]/g, '\\$&')}"`, [
        'New passphrase: ',
        'four words of mine\nfour words of mine\nfor the shell',
      ]);
      expect(stdout).toContain('next is for the shell');
      expect(code).toBe(0);
      const opened = await answer(sandbox, 'weightseal verify model.sealed -k passphrase: -q', [
        'Passphrase: ',
        'four words of mine',
      ]);
      expect(opened.code).toBe(0);
    },
  );

  const LATIN1 = Buffer.from('zwölf große Hüte', 'latin1');

  test('that is not UTF-8 is refused, also when it is the same both times', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const { stdout, code } = await answer(
      sandbox,
      'weightseal seal model -k passphrase:',
      ['New passphrase: ', LATIN1],
      ['Once more: ', LATIN1],
    );
    expect(stdout).toContain('UTF-8');
    expect(code).toBe(4);
    expect(await sandbox.files()).toEqual(['model']);
  });

  test('is asked for again when the two differ, or it would be guessed', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const { stdout, code } = await answer(
      sandbox,
      'weightseal seal model -k passphrase: -q',
      ['New passphrase: ', 'four words of mine'],
      ['Once more: ', 'for words of mine'],
      ['The two that you typed differ. Try again.\r\nNew passphrase: ', 'Passw0rd123'],
      ['It would be guessed: it is little more than ', ''],
      ['Try again.\r\nNew passphrase: ', ''],
    );
    expect(stdout).not.toMatch(/passw0rd|words of mine/i);
    expect({ code, files: await sandbox.files() }).toEqual({ code: 4, files: ['model'] });
  });

  test('has to be the same both times within three tries, and none that would be guessed', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const differing = ['four', 'five', 'nine'].flatMap((word): [string, string][] => [
      ['New passphrase: ', `${word} words of mine`],
      ['Once more: ', 'other words of mine'],
    ]);
    const differs = await answer(sandbox, 'weightseal seal model -k passphrase:', ...differing);
    expect(differs.stdout).toContain('No passphrase: The two that you typed differ.');
    expect(differs.stdout).toContain('code: PASSPHRASE_REQUIRED');
    const weak = ['hunter2', 'password', '12345678'].map((typed): [string, string] => [
      'New passphrase: ',
      typed,
    ]);
    const guessed = await answer(sandbox, 'weightseal seal model -k passphrase:', ...weak);
    expect(guessed.stdout).toContain('code: PASSPHRASE_WEAK');
    expect({ codes: [differs.code, guessed.code], files: await sandbox.files() }).toEqual({
      codes: [4, 4],
      files: ['model'],
    });
  });

  test('that would be guessed is taken where that is asked for, and opens without', SLOW, async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('echo weights > model');
    const command = 'weightseal seal model -k passphrase: -q --allow-weak-passphrase';
    const sealed = await answer(sandbox, command, ['New passphrase: ', 'x'], ['Once more: ', 'x']);
    expect(sealed.code).toBe(0);
    expect(
      await sandbox.run('WEIGHTSEAL_PASSPHRASE=x weightseal verify model.sealed -k passphrase: -q'),
    ).toMatchObject({ code: 0 });
    const anew = await sandbox.run('WEIGHTSEAL_PASSPHRASE=x weightseal rewrap model.sealed -k passphrase:');
    expect(anew.stderr).toContain('code: PASSPHRASE_WEAK');
  });
});
