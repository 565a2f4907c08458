import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, test } from 'vitest';
import { type Outcome, PROGRAM, type Running, Sandbox } from './support/cli.js';

const LONG = 32 * 1_048_576;
const CLIENTS = '{"clients": [{"names": ["spiffe://dev.localhost/client"], "models": ["llama*"]}]}';
const TLS =
  '--dev --tls-cert dev/server.pem --tls-key dev/server-key.pem --tls-ca dev/ca.pem --clients clients.json';

let made: Sandbox;
beforeAll(async () => {
  made = await Sandbox.create();
  await writeFile(join(made.path, 'clients.json'), CLIENTS);
  await writeFile(join(made.path, 'long'), Buffer.alloc(LONG, 7));
  await made.run(
    'weightseal dev-ca dev; weightseal keygen k; mkdir models; weightseal seal long -o models/llama -k local:k -c model=llama; echo secret > models/plain',
  );
  return () => made[Symbol.asyncDispose]();
});

interface Serving {
  readonly running: Running;
  readonly listening: string;
  readonly admin: string;
  /** Lines of the log, as they come. */
  readonly lines: AsyncIterator<string>;
}

async function serve(words = '--listen 127.0.0.1:0 --admin 0'): Promise<Serving> {
  const running = made.start(`exec weightseal serve models ${TLS} ${words} --json`);
  const lines = createInterface(running.stdout)[Symbol.asyncIterator]();
  const { value } = await lines.next();
  const { listening, admin } = JSON.parse(value);
  return { running, listening, admin, lines };
}

async function open(url: string, headers: Record<string, string> = {}) {
  const at = async (name: string) => await readFile(join(made.path, 'dev', name));
  const tls = { ca: await at('ca.pem'), cert: await at('client.pem'), key: await at('client-key.pem') };
  const [answer] = await once(request(url, { ...tls, agent: false, headers }).end(), 'response');
  return answer as import('node:http').IncomingMessage;
}

async function body(answer: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of answer) pieces.push(piece);
  } catch {
    // It was cut.
  }
  return Buffer.concat(pieces);
}

const stopped = async ({ running }: Serving): Promise<Outcome> => {
  running.kill('SIGTERM');
  return await running.outcome;
};

test('each request is a line of the log, and SIGTERM ends it with a summary', async () => {
  const serving = await serve();
  const bytes = await readFile(join(made.path, 'models/llama'));
  expect((await body(await open(`${serving.listening}/llama`))).equals(bytes)).toBe(true);
  expect(JSON.parse((await serving.lines.next()).value)).toMatchObject({
    client: ['spiffe://dev.localhost/client'],
    method: 'GET',
    path: '/llama',
    status: 200,
    bytes: bytes.length,
    model: 'llama',
  });
  expect((await open(`${serving.listening}/plain`)).statusCode).toBe(404);
  expect(JSON.parse((await serving.lines.next()).value)).toMatchObject({
    status: 404,
    code: 'INPUT_NOT_FOUND',
  });
  expect((await fetch(`${serving.admin}/readyz`)).status).toBe(200);
  const { code, stderr } = await stopped(serving);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { listening } = serving;
  expect(JSON.parse((await serving.lines.next()).value)).toEqual({
    listening,
    requests: 2,
    refused: 1,
    sentSize: expect.any(Number),
    cut: 0,
  });
});

test('what is under way at SIGTERM is sent whole', async () => {
  const serving = await serve();
  const answer = await open(`${serving.listening}/llama`);
  await once(answer, 'readable');
  serving.running.kill('SIGTERM');
  expect((await body(answer)).length).toBe((await readFile(join(made.path, 'models/llama'))).length);
  expect((await serving.running.outcome).code).toBe(0);
});

test('a kill -9 loses nothing: whoever had a part of a file goes on with the next server', async () => {
  const first = await serve();
  const answer = await open(`${first.listening}/llama`);
  const { etag } = answer.headers;
  await once(answer, 'readable');
  first.running.kill('SIGKILL');
  const had = await body(answer);
  const bytes = await readFile(join(made.path, 'models/llama'));
  expect(had.length).toBeLessThan(bytes.length);
  const second = await serve();
  const rest = await open(`${second.listening}/llama`, {
    range: `bytes=${had.length}-`,
    'if-range': String(etag),
  });
  expect(rest.statusCode).toBe(206);
  expect(Buffer.concat([had, await body(rest)]).equals(bytes)).toBe(true);
  await stopped(second);
});

test('a socket that was passed, as systemd does, is used', async () => {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const child = spawn('sh', ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 exec ${PROGRAM} serve models ${TLS} --json`], {
    cwd: made.path,
    stdio: ['ignore', 'pipe', 'inherit', fd],
  });
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  expect(JSON.parse((await lines.next()).value)).toEqual({ listening: `https://127.0.0.1:${port}` });
  // Else this process may take the connection.
  socket.close();
  expect((await body(await open(`https://127.0.0.1:${port}/llama`))).length).toBeGreaterThan(LONG);
  child.kill('SIGTERM');
  await once(child, 'exit');
});

test.each([
  ['no client certificates', '--no-client-certificates', /Unknown option/],
  ['certificates for development without --dev', '', /CERTIFICATE_DEVELOPMENT/],
  ['certificates for development for all the world', '--dev --listen 0.0.0.0:0', /this machine only/],
  ['rules that name nobody', '--clients none.json', /none\.json/],
  ['no address', '--dev --listen 8443', /--listen takes/],
])('is refused: %s', async (_, words, said) => {
  const { stderr, code } = await made.run(`weightseal serve models ${TLS.replace('--dev ', '')} ${words}`);
  expect(stderr).toMatch(said);
  expect(code).not.toBe(0);
});
