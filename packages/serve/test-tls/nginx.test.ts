import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ReloadingTls } from '@weightseal/transit';
import { expect, it } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import { authority, client, server, spiffe } from '../../transit/test/support/authorities.ts';
import { ask } from '../test/support/ask.ts';
import { authorities, sealFile, visitor, world } from '../test/support/world.ts';

const place = await temporary();
const nginx = process.env['WEIGHTSEAL_NGINX'] ?? '';
const given = fileURLToPath(new URL('../../../examples/serving/nginx.conf', import.meta.url));

async function free(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}

async function reached(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const found = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return found;
}

it('the configuration of nginx is one, and a model comes through it, in ranges, to clients with certificates only', async (context) => {
  if (nginx === '') return context.skip('nginx is not here: `pnpm test:tls` installs it');
  const root = await place.directory();
  await sealFile(join(root, 'llama/3'), { model: 'llama', version: '3' });
  const rules = { clients: [{ names: ['spiffe://prod.example/edge'], models: ['**'] }] };
  const { root: ca, own: front } = await authorities();
  const own = await server(ca, { names: [{ type: 'dns', value: 'models.internal' }] });
  const tls = await ReloadingTls.create({
    role: 'server',
    certificate: { pem: own.pem },
    key: { pem: own.key },
    ca: { pem: ca.pem },
  });
  await using here = await world({ root, rules, tls });
  const edge = await client(ca, { names: spiffe('spiffe://prod.example/edge') });
  const directory = await place.directory();
  await mkdir(join(directory, 'tls'));
  const files = {
    'server.pem': front.pem,
    'server-key.pem': front.key,
    'clients-ca.pem': ca.pem,
    'edge.pem': edge.pem,
    'edge-key.pem': edge.key,
    'models-ca.pem': ca.pem,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, 'tls', name), text);
  const port = await free();
  const text = (await readFile(given, 'utf8'))
    .replaceAll('/etc/nginx/tls', join(directory, 'tls'))
    .replace('/run/nginx.pid', join(directory, 'pid'))
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('127.0.0.1:8443', `127.0.0.1:${here.port}`);
  const config = join(directory, 'nginx.conf');
  await writeFile(config, text);
  await promisify(execFile)(nginx, ['-t', '-c', config]);
  const running = spawn(nginx, ['-c', config, '-g', 'daemon off; master_process off;'], { stdio: 'ignore' });
  try {
    await expect.poll(() => reached(port)).toBe(true);
    const to = { port, root: ca, own: await visitor() };
    const bytes = await readFile(join(root, 'llama/3'));
    const whole = await ask(to, '/llama/3');
    expect(whole.status).toBe(200);
    expect(whole.body.equals(bytes)).toBe(true);
    const part = await ask(to, '/llama/3', {
      range: 'bytes=10-19',
      'if-range': String(whole.headers['etag']),
    });
    expect(part.status).toBe(206);
    expect(part.body.equals(bytes.subarray(10, 20))).toBe(true);
    expect((await ask(to, '/llama/3', {}, { method: 'POST' })).status).toBe(403);
    const stranger = { ...to, own: await visitor('spiffe://prod/serving/a', await authority()) };
    const refused = await ask(stranger, '/llama/3').then(
      ({ status }) => status,
      () => 0,
    );
    expect([0, 400]).toContain(refused);
    expect(here.log.every(({ client: names }) => names.join() === 'spiffe://prod.example/edge')).toBe(true);
  } finally {
    running.kill('SIGTERM');
    await once(running, 'exit');
  }
});
