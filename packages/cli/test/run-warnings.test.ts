import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';

const linux = process.platform === 'linux';

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

/** A server that begins to answer with success, at this port or any, and leaves it to who asked to hang up. */
async function answering(port = 0) {
  let heard = 0;
  const server = createServer((_, response) => {
    response.writeHead(200).flushHeaders();
    response.once('close', () => {
      heard++;
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

// `run` takes Linux.
test.runIf(linux).for(['--json', '--json -q', '-q', ''])(
  'what is to be known while a command runs is told: %s',
  async (flags) => {
    await using sandbox = await Sandbox.create();
    await sandbox.run('weightseal keygen k; echo weights > model; weightseal seal model -k local:k -q');
    const free = await answering();
    await free.close();
    const running = sandbox.start(
      `weightseal run model.sealed -k local:k ${flags} --release on-ready --ready-url http://127.0.0.1:${free.port}/ -- sh -c 'touch begun; until test -e done; do sleep 0.05; done'`,
    );
    running.stdin.end();
    await until(() => existsSync(join(sandbox.path, 'begun')));
    // The test's own server answers, and not the command: who asked hangs up, and warns.
    const stranger = await answering(free.port);
    await until(() => stranger.heard() > 0);
    await writeFile(join(sandbox.path, 'done'), '');
    const { stderr, code } = await running.outcome;
    await stranger.close();
    expect(code).toBe(0);
    const warning = /what listens there is not seen to be the command or a process of it/;
    if (flags.includes('--json'))
      expect(JSON.parse(stderr)).toMatchObject({ exitCode: 0, warnings: [expect.stringMatching(warning)] });
    else if (flags === '-q') expect(stderr).toBe('');
    else expect(stderr).toMatch(warning);
  },
);
