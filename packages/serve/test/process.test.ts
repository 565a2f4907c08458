import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import { ask } from './support/ask.ts';
import { authorities, sealFile, sealModel, visitor } from './support/world.ts';

const place = await temporary();
const script = fileURLToPath(new URL('support/served.mjs', import.meta.url));
const workspace = fileURLToPath(new URL('../../..', import.meta.url));

it.each([
  ['the certificates and its own code', []],
  ['the certificates, its own code and its descriptors', ['/proc/self/fd']],
])("runs under Node's permission model, with nothing allowed but to read the models, %s", async (_, more) => {
  const { root, own } = await authorities();
  const directory = await realpath(await place.directory());
  const [models, certificates] = [join(directory, 'models'), join(directory, 'certificates')];
  await sealFile(join(models, 'a/llama'), { model: 'llama' });
  await sealModel(join(models, 'bert'), { model: 'bert' });
  const secret = join(directory, 'outside');
  await sealFile(join(secret, 'llama'), { model: 'llama' });
  await symlink(secret, join(models, 'linked'));
  await symlink(join(models, 'a/llama'), join(models, 'to-llama'));
  await mkdir(certificates);
  const files = {
    certificate: join(certificates, 's.pem'),
    key: join(certificates, 'k.pem'),
    ca: join(certificates, 'ca.pem'),
  };
  await writeFile(files.certificate, own.pem);
  await writeFile(files.key, own.key, { mode: 0o600 });
  await writeFile(files.ca, root.pem);
  const allowed = [models, certificates, workspace, ...more].map((path) => `--allow-fs-read=${path}`);
  // From Node 25 on, the network is a right too.
  const net = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];
  const child = spawn(
    process.execPath,
    ['--permission', ...net, ...allowed, script, JSON.stringify({ root: models, ...files })],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let problems = '';
  child.stderr.on('data', (data: Buffer) => {
    problems += data.toString();
  });
  const exit = once(child, 'exit');
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exit])) as [string];
  expect(problems).not.toContain('Error');
  const { port, permission } = JSON.parse(line);
  expect(permission).toBe(false);
  const to = { port, root, own: await visitor() };
  const answer = await ask(to, '/a/llama');
  expect(answer.status).toBe(200);
  expect(answer.body.equals(await readFile(join(models, 'a/llama')))).toBe(true);
  expect((await ask(to, '/bert/weightseal.table')).status).toBe(200);
  // What links lead to is looked at there, too.
  expect((await ask(to, '/linked/llama')).status).toBe(404);
  expect((await ask(to, '/to-llama')).status).toBe(404);
  expect(JSON.parse((await ask(to, '/')).body.toString()).releases).toMatchObject([
    { path: 'a/llama' },
    { path: 'bert' },
  ]);
  // A directory that is reached by its descriptor stays that one, whoever has its name by then.
  await rename(models, `${models}-before`);
  await sealFile(join(models, 'new'), { model: 'llama' });
  const reached = (await ask(to, '/new')).status === 200 ? 'by its path' : 'by its descriptor';
  expect(reached).toBe(more.length > 0 ? 'by its descriptor' : 'by its path');
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});
