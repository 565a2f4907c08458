import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';

const SLOW = { timeout: 120_000 };

const STRAY = "throw new Error('stray');";
const SOON = `setTimeout(() => { ${STRAY} }, 300);`;
/** When the command says so. */
const AT_GO = `const asking = setInterval(() => { if (fs.existsSync('go')) { clearInterval(asking); ${STRAY} } }, 10);`;
/** When the command has ended, and before weightseal has cleaned up after it. Tells which processes are sent a signal then. */
const AT_END = `
  const { emit } = ChildProcess.prototype;
  ChildProcess.prototype.emit = function (name, ...given) {
    if (name === 'exit' && fs.existsSync('pid') && this.pid === Number(fs.readFileSync('pid')))
      setImmediate(() => { ${STRAY} });
    return emit.call(this, name, ...given);
  };
  process.kill = (pid, signal) => fs.appendFileSync('killed', pid + ' ' + signal + ' ');`;

/** A provider that has a mistake where nobody catches it: `when` says during what. Its keys are no secret. */
async function withBroken(when: 'wrap' | 'unwrap', stray: string, then = ''): Promise<Sandbox> {
  const sandbox = await Sandbox.create();
  await writeFile(
    join(sandbox.path, 'corp.mjs'),
    `import { ChildProcess } from 'node:child_process';
    import fs from 'node:fs';
    const mistake = process.env.BROKEN ? () => { ${stray} ${then} } : () => {};
    export const corp = { scheme: 'corp', options: [], fromUri: (uri) => ({
      provider: 'corp', uri,
      async wrap(dataKey) { ${when === 'wrap' ? 'await mistake();' : ''} return { keyUri: uri, keyVersion: '', algorithm: 'corp', ciphertext: Uint8Array.from(dataKey) }; },
      async unwrap({ ciphertext }) { ${when === 'unwrap' ? 'await mistake();' : ''} return Uint8Array.from(ciphertext); },
    }) };`,
  );
  await sandbox.run(`echo weights > model && weightseal seal model -o sealed ${KEY} -q`);
  return sandbox;
}

const KEY = '--provider corp=./corp.mjs -k corp:a';
const SAID =
  'weightseal: Unexpected: stray. Please report it, with what WEIGHTSEAL_DEBUG=1 shows.\n  code: INTERNAL (weightseal help INTERNAL)\n';

// Side by side: one of them waits for as long as a command is given to end.
describe.concurrent('an exception that nobody caught', () => {
  test('stops the work, which is not published and leaves nothing', SLOW, async () => {
    // It would be done, were it not stopped: long before the process has to end.
    await using sandbox = await withBroken(
      'wrap',
      SOON,
      'return new Promise((done) => setTimeout(done, 1500))',
    );
    const before = await sandbox.files();
    const began = Date.now();
    const { code, stderr } = await sandbox.run(`BROKEN=1 weightseal seal model -o out ${KEY} -q`);
    expect({ code, stderr }).toEqual({ code: 1, stderr: SAID });
    expect(Date.now() - began).toBeLessThan(9000);
    expect(await sandbox.files()).toEqual(before);
  });

  test('is told as JSON, and once', SLOW, async () => {
    await using sandbox = await withBroken('wrap', SOON, 'return new Promise(() => {})');
    const { stderr } = await sandbox.run(`BROKEN=1 weightseal seal model -o out ${KEY} --json`);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'INTERNAL' } });
  });

  test('ends a command that runs, and waits for its end', SLOW, async () => {
    await using sandbox = await withBroken('unwrap', AT_GO);
    const command = `sh -c 'trap "sleep 0.5; echo ended; exit 0" TERM; cat "$1" >&2; touch go; while :; do sleep 0.1; done' sh {model}`;
    const outcome = await sandbox.run(`BROKEN=1 weightseal run sealed ${KEY} -q -- ${command}`);
    expect(outcome).toEqual({ code: 1, stdout: 'ended\n', stderr: `weights\n${SAID}` });
  });

  test('kills a command that does not end', SLOW, async () => {
    await using sandbox = await withBroken('unwrap', AT_GO);
    const command = `sh -c 'trap "" TERM; echo $$; touch go; while :; do sleep 0.1; done'`;
    const { code, stdout, stderr } = await sandbox.run(
      `BROKEN=1 weightseal run sealed ${KEY} -q -- ${command}`,
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: SAID });
    expect(stdout).toMatch(/^[0-9]+\n$/);
    expect(() => process.kill(Number(stdout), 0)).toThrow('ESRCH');
  });

  test('sends no signal where the command was, once that has ended', SLOW, async () => {
    await using sandbox = await withBroken('unwrap', AT_END);
    const outcome = await sandbox.run(
      `BROKEN=1 weightseal run sealed ${KEY} -q -- sh -c 'echo $$ > pid'; code=$?; cat killed; exit $code`,
    );
    expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(SAID) });
  });
});
