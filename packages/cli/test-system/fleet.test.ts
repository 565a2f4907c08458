import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Sandbox } from '../test/support/cli.js';

/** Enough that they meet. A thousand want the machine for themselves: WEIGHTSEAL_FLEET=1000. */
const PULLS = Number(process.env['WEIGHTSEAL_FLEET'] ?? 45);
const PROCESSES = 9;

interface Client {
  readonly process: ChildProcess;
  readonly to: string;
  readonly said: Promise<string>;
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function filesIn(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, digest(await readFile(join(directory, name)))])),
  );
}

/** Connections that send a byte of a request now and then, and never end it. */
function slowOnes(port: number, many: number): Disposable {
  const sockets = Array.from({ length: many }, () => connect(port, '127.0.0.1').on('error', () => {}));
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('G');
  }, 500);
  return {
    [Symbol.dispose]() {
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('a fleet pulls at once, a third of it is killed, some dawdle, and the others have all of it', async () => {
  await using sandbox = await Sandbox.create();
  const at = (name: string) => join(sandbox.path, name);
  await writeFile(
    at('clients.json'),
    '{"clients": [{"names": ["spiffe://dev.localhost/client"], "models": ["**"]}]}',
  );
  await mkdir(at('model'));
  for (const name of ['a', 'b', 'c']) await writeFile(at(`model/${name}.bin`), Buffer.alloc(200_000, name));
  const made = await sandbox.run(
    'set -e; weightseal dev-ca dev; weightseal keygen k; mkdir models; weightseal seal model -o models/llama -k local:k -c model=llama; ' +
      'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out r.pem; openssl pkey -in r.pem -pubout -out r.pub.pem; weightseal sign models/llama -s pem:r.pem',
  );
  expect(made, made.stderr).toMatchObject({ code: 0 });
  const limits = `--max-client-connections ${8 * PULLS} --max-connections ${8 * PULLS} --max-handshakes ${8 * PULLS} --max-client-requests ${8 * PULLS}`;
  const server = sandbox.start(
    `exec weightseal serve models --dev --listen 127.0.0.1:0 --tls-cert dev/server.pem --tls-key dev/server-key.pem --tls-ca dev/ca.pem --clients clients.json --json ${limits}`,
  );
  let log = '';
  server.stdout.setEncoding('utf8').on('data', (more: string) => {
    log += more;
  });
  while (!log.includes('\n')) await once(server.stdout, 'data');
  const { listening } = JSON.parse(log.slice(0, log.indexOf('\n'))) as { listening: string };
  using _ = slowOnes(Number(new URL(listening).port), 20);

  const count = Math.ceil(PULLS / PROCESSES);
  const clients = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, n): Promise<Client> => {
      const to = at(`pulled-${n}`);
      await mkdir(to);
      const job = { from: `${listening}/llama`, to, count, files: at('dev'), signer: at('r.pub.pem') };
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'support/pulls.mjs'), JSON.stringify(job)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      return { process: child, to, said: text(child.stdout) };
    }),
  );
  // Each third one, once something of its own has come.
  const [killed, left] = [clients.filter((_, n) => n % 3 === 0), clients.filter((_, n) => n % 3 !== 0)];
  const something = async ({ to }: Client) => {
    while ((await readdir(to)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await Promise.all(
    killed.map(async (client) => {
      await Promise.race([something(client), client.said]);
      client.process.kill('SIGKILL');
    }),
  );
  const all = await filesIn(at('models/llama'));
  for (const { said, to } of left) {
    const codes = JSON.parse((await said).split('\n')[1]!) as string[];
    expect(codes).toEqual(Array.from({ length: count }, () => 'pulled'));
    for (const name of await readdir(to)) expect(await filesIn(join(to, name))).toEqual(all);
  }
  // Of those that were killed: whole, or not there under its name.
  for (const { to } of killed)
    for (const name of (await readdir(to)).filter((one) => /^\d+$/.test(one)))
      expect(await filesIn(join(to, name))).toEqual(all);
  server.kill('SIGTERM');
  expect(await server.outcome).toMatchObject({ code: 0 });
});
