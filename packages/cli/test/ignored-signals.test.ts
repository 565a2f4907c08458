import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Outcome, type Running, Sandbox, sandboxesAfter } from './support/cli.js';

const MIB = 1_048_576;

async function feed(running: Running): Promise<void> {
  for (let sent = 0; sent < 4; sent++) {
    if (!running.stdin.write(Buffer.alloc(MIB))) await once(running.stdin, 'drain');
  }
}

const withKey = sandboxesAfter('weightseal keygen k');

/** Starts a seal the way that is given, sends it the signal while it is at work, and then lets it come to its end. */
async function sealing(script: string, signal: NodeJS.Signals): Promise<Outcome> {
  await using sandbox = await withKey();
  const seal = "sh -c 'echo $$ > pid; exec weightseal seal - -o out --key local:k -q'";
  const running = sandbox.start(script.replace(/\bSEAL\b/, () => seal));
  await feed(running);
  process.kill(Number(await readFile(join(sandbox.path, 'pid'), 'utf8')), signal);
  running.stdin.end();
  return await running.outcome;
}

describe.runIf(process.platform === 'linux')('a signal that we were started to ignore (on Linux)', () => {
  test.each([
    [
      'by nohup, from a shell that names what it starts',
      'SIGHUP',
      'exec bash -c \'nohup "$@"; exit\' x SEAL',
    ],
    ['by a script under nohup', 'SIGHUP', 'exec nohup sh -c \'"$@"; exit\' x SEAL'],
    ['by a shell that ignores it', 'SIGHUP', "trap '' HUP; SEAL; exit"],
    ['by nohup, whose output is a file of that name', 'SIGHUP', 'SEAL > nohup.out'],
    ['as the variable says', 'SIGHUP', 'WEIGHTSEAL_IGNORE_SIGNALS=HUP exec SEAL'],
    ['as the variable says', 'SIGINT', 'WEIGHTSEAL_IGNORE_SIGNALS=SIGINT,HUP exec SEAL'],
    ['as the variable says', 'SIGQUIT', "WEIGHTSEAL_IGNORE_SIGNALS='QUIT INT' exec SEAL"],
    ['as the variable says', 'SIGTERM', 'WEIGHTSEAL_IGNORE_SIGNALS=TERM exec SEAL'],
  ] as const)('stays ignored: %s (%s)', async (_, signal, script) => {
    expect(await sealing(script, signal)).toMatchObject({ code: 0, stdout: '' });
  });

  test.each([
    [
      'of what once started our parent, which has left nohup behind',
      '_=/usr/bin/nohup sh -c \'"$@"; exit $?\' x SEAL',
    ],
    ['of another signal', "trap '' USR2; SEAL; exit"],
    ['of another variable', 'WEIGHTSEAL_IGNORE_SIGNALS=INT SEAL'],
    ['of another program', '_=/usr/bin/env SEAL'],
  ])('is not made out of signs %s', async (_, script) => {
    expect(await sealing(script, 'SIGHUP')).toMatchObject({ code: 129 });
  });

  test('is one that there is', async () => {
    await using sandbox = await Sandbox.create();
    const { code, stderr } = await sandbox.run('WEIGHTSEAL_IGNORE_SIGNALS=HUP,KILL weightseal keygen k');
    expect(code).toBe(2);
    expect(stderr).toContain('HUP, INT, QUIT, TERM, USR1, USR2');
    expect(stderr).toContain('not "KILL"');
    expect(await sandbox.files()).toEqual([]);
  });
});
