import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MODEL, type Outcome, PROGRAM, sandboxesAfter } from './support/cli.js';

const possible = process.platform === 'linux' && process.geteuid?.() === 0 && process.execve !== undefined;
const CONTAINER = 'unshare --mount --pid --fork --mount-proc --kill-child';

/** Told by the process that runs the command: its environment as it is, and the bytes that Node cannot show. */
const TELL = `
import { readFileSync, writeFileSync } from 'node:fs';
process.on('exit', () => {
  const raw = readFileSync('/proc/self/environ', 'latin1').split('\\0').filter((text) => /^(?:BYTES|LATIN)=/.test(text));
  writeFileSync(process.env.TELL, JSON.stringify([...Object.entries(process.env), ...raw].filter(([name]) => name !== 'TELL').sort()));
});`;
const BYTES = Array.from({ length: 255 }, (_, index) => `\\${(index + 1).toString(8).padStart(3, '0')}`).join(
  '',
);
/** What shells drop, change or add, and what only bytes can say. */
const START = String.raw`
bytes=$(printf '${BYTES}\n\n.')
exec env -i PATH="$PATH" HOME="$HOME" TELL="$TELL" NODE_OPTIONS="--import=$PWD/tell.mjs" \
  'a.b=1' 'my-var=x  y' 'BASH_FUNC_f%%=() {  echo hi
}' IFS=: PS1='> ' OPTIND=7 SHLVL=9 OLDPWD=/nowhere EMPTY= BASH_ENV=/nowhere _=/usr/bin/nohup UMLAUT=é 'QUOTES=a"b\c $d
e
' "BYTES=${'$'}{bytes%.}" "LATIN=$(printf 'a\351')" ${PROGRAM} run model.sealed -k local:k -q -- true`;

const withModel = sandboxesAfter(MODEL);

/** Runs it as process 1 of a container, where /bin/sh is that shell. */
async function asProcessOne(command: string, shell = 'sh'): Promise<Outcome> {
  await using sandbox = await withModel();
  const inside = `mount --bind "$(command -v ${shell})" "$(realpath /bin/sh)"; exec ${PROGRAM} run model.sealed -k local:k -q ${command}`;
  await writeFile(join(sandbox.path, 'inside'), inside);
  return await sandbox.run(`exec ${CONTAINER} sh ./inside`);
}

describe.skipIf(!possible)('run as process 1 (as root, with a Node that can become a shell)', () => {
  const shells = ['dash', 'bash', 'busybox'].map((shell) => ({
    shell,
    here: spawnSync('sh', ['-c', `command -v ${shell}`]).status === 0,
  }));

  describe.each(
    shells.map(({ shell, here }) => ({
      shell,
      here,
      why: here ? '' : ` (skipped: there is no ${shell} here)`,
    })),
  )('with $shell as /bin/sh$why', ({ shell, here }) => {
    test.skipIf(!here)('takes in the orphans of the command', async () => {
      const orphans = 'for i in 1 2 3; do sh -c "sleep 0.1 & exit 0"; done';
      const sleeps = 'cat /proc/[0-9]*/status 2>/dev/null | grep -q "^Name:.sleep$"';
      const wait = `i=0; while [ $i -lt 200 ] && ${sleeps}; do sleep 0.05; i=$((i + 1)); done`;
      expect(
        await asProcessOne(`-- sh -c '${orphans}; ${wait}; ${sleeps} || echo gone'`, shell),
      ).toMatchObject({
        stdout: 'gone\n',
      });
    });

    test.skipIf(!here).each(['TERM', 'HUP', 'INT', 'QUIT', 'USR1', 'USR2'])(
      'passes SIG%s on, and waits on',
      async (name) => {
        const script = `trap "echo came; exit 9" ${name}; kill -${name} 1; while :; do sleep 0.05; done`;
        expect(await asProcessOne(`-- sh -c '${script}'`, shell)).toMatchObject({
          code: 9,
          stdout: 'came\n',
        });
      },
    );

    test.skipIf(!here).each([
      ['exit 0', 0],
      ['exit 127', 127],
      ['kill -KILL $$', 137],
      ['trap "exit 127" TERM; kill -TERM 1; while :; do sleep 0.05; done', 127],
    ])('ends as the command does: %s', async (script, code) => {
      expect(await asProcessOne(`-- sh -c '${script}'`, shell)).toMatchObject({ code, stderr: '' });
    });

    test.skipIf(!here)('leaves Ctrl-C on a terminal to the command', async () => {
      await using sandbox = await withModel();
      const command =
        'trap "echo came >>told; came=1" INT; echo ready; i=0; while [ -z "$came" ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i + 1)); done; exit 5';
      await writeFile(join(sandbox.path, 'command'), command);
      const inside = `mount --bind "$(command -v ${shell})" "$(realpath /bin/sh)"; exec ${PROGRAM} run model.sealed -k local:k -q -- sh ./command`;
      await writeFile(join(sandbox.path, 'inside'), inside);
      const container = `trap "" INT; exec ${CONTAINER} sh ./inside`;
      const running = sandbox.start(`exec script -qec '${container}' /dev/null`);
      running.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('ready')) running.stdin.write('\u0003');
      });
      const { code } = await running.outcome;
      // What a terminal still holds may be lost when its last process ends.
      expect(await readFile(join(sandbox.path, 'told'), 'utf8')).toBe('came\n');
      expect(code).toBe(5);
    });

    test.skipIf(!here)('hands the environment on to the byte', async () => {
      await using sandbox = await withModel();
      const write = (name: string, text: string) => writeFile(join(sandbox.path, name), text);
      await write('tell.mjs', TELL);
      await write('start', START);
      await write('inside', `mount --bind "$(command -v ${shell})" "$(realpath /bin/sh)"; exec sh ./start`);
      const told = async (name: string, command: string): Promise<string> => {
        expect(await sandbox.run(`TELL=${name} exec ${command}`)).toMatchObject({ code: 0, stderr: '' });
        return await readFile(join(sandbox.path, name), 'utf8');
      };
      const plain = await told('plain', 'sh ./start');
      expect(await told('as-process-one', `${CONTAINER} sh ./inside`)).toBe(plain);
      expect(JSON.parse(plain)).toContainEqual(['a.b', '1']);
    });
  });

  test.each([
    [
      'a name that is not UTF-8',
      `env "$(printf 'a\\351')=b" `,
      '-- true',
      'its environment has what a shell cannot hand on',
    ],
    [
      'a variable that is too long for the kernel with ours before it',
      'env "_=$(head -c 131060 /dev/zero | tr \\\\0 x)" ',
      '-- true',
      'its environment has what a shell cannot hand on',
    ],
    [
      'sockets of a service manager',
      'env LISTEN_FDS=1 LISTEN_PID=1 ',
      '-- true 3</dev/null',
      'would lose the descriptors',
    ],
    [
      'a descriptor that the command is to have',
      '',
      '-- cat /dev/fd/7 7</dev/null',
      'would lose the descriptors',
    ],
  ])('stays what it is, and says so: %s', async (_, before, command, why) => {
    await using sandbox = await withModel();
    await writeFile(
      join(sandbox.path, 'inside'),
      `exec ${before}${PROGRAM} run model.sealed -k local:k ${command}`,
    );
    const { stderr } = await sandbox.run(`exec ${CONTAINER} sh ./inside`);
    expect(stderr).toContain('note: weightseal is process 1 here and takes in no orphans');
    expect(stderr).toContain(why);
    const json = join(sandbox.path, 'json');
    await writeFile(json, `exec ${before}${PROGRAM} run model.sealed -k local:k --json ${command}`);
    const asJson = await sandbox.run(`exec ${CONTAINER} sh ./json`);
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      exitCode: 0,
      warnings: [expect.stringContaining('takes in no orphans')],
    });
  });
});
