import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { CLI } from './support/child.js';
import { outcome } from './support/run.js';

let model: SealedModel & AsyncDisposable;
beforeAll(async () => {
  model = await sealedModel(1000);
});
afterAll(() => model[Symbol.asyncDispose]());

/** Waits until something comes, counts whether more does, and tells: in a file, since what is typed flushes what the terminal holds. */
const COMMAND = `
trap 'n=$((n + 1))' INT QUIT
n=0; echo ready
for i in {1..300}; do [ $n = 0 ] || break; sleep 0.1; done
for i in 1 2 3 4 5; do sleep 0.1; done
echo "came $n" >>told`;
const ONCE = /^came 1\nexit 0\n/;
const possible =
  process.platform === 'linux' &&
  spawnSync('sh', ['-c', 'command -v script && command -v bash']).status === 0;

/** How often a signal has come to the command of the `weightseal` that a script on a terminal runs, how that ended, and what was shown. */
async function onTerminal(script: string, typed?: string): Promise<string> {
  const words = [
    process.execPath,
    CLI,
    'run',
    model.path,
    '--key',
    model.keyUri,
    '--quiet',
    '--',
    'bash',
    'command',
  ];
  writeFileSync(join(model.directory, 'command'), COMMAND);
  writeFileSync(join(model.directory, 'weightseal'), `exec ${words.join(' ')}`);
  writeFileSync(join(model.directory, 'script'), `${script}; echo "exit $?" >>told`);
  const told = join(model.directory, 'told');
  rmSync(told, { force: true });
  // `exec`: dash as $SHELL would stay above it and die of what is typed.
  const child = spawn('script', ['-qec', 'exec bash ./script', '/dev/null'], {
    cwd: model.directory,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (typed !== undefined)
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('ready')) child.stdin.write(typed);
    });
  const { stdout, stderr, code } = await outcome(child);
  const shown = JSON.stringify({ code, stdout, stderr });
  return existsSync(told) ? `${readFileSync(told, 'utf8')}${shown}` : shown;
}

describe.runIf(possible)('a signal of a terminal', () => {
  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-\\', '\u001c'],
  ])('comes to the command once, by %s', async (_, typed) => {
    expect(await onTerminal("trap '' INT QUIT; bash ./weightseal", typed)).toMatch(ONCE);
  });

  test.each(['INT', 'QUIT'])(
    'also comes to it once when somebody sends SIG%s to weightseal in the background',
    async (name) => {
      const script = `set -m; mkfifo said; bash ./weightseal </dev/tty >said & exec 5<said; read -r line <&5; kill -${name} $!; cat <&5; rm said; wait $!`;
      expect(await onTerminal(script)).toMatch(ONCE);
    },
  );
});
