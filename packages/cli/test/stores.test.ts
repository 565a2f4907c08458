import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MODEL, Sandbox } from './support/cli.js';

const onLinux = process.platform === 'linux' ? test : test.skip;

/** What is in a directory, over HTTP and in ranges, as a web server has it; but what `hangs` says is not answered. */
async function served(
  directory: string,
  hangs: (range: string) => boolean = () => false,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async ({ url = '', headers, method }, response) => {
    if (hangs(headers.range ?? '')) return;
    const bytes = await readFile(join(directory, url)).catch(() => undefined);
    if (!bytes) {
      response.writeHead(404).end();
      return;
    }
    const [, from = '0', to = String(bytes.length - 1)] =
      /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const end = Math.min(Number(to), bytes.length - 1);
    const body = bytes.subarray(Number(from), end + 1);
    const range = headers.range ? { 'content-range': `bytes ${from}-${end}/${bytes.length}` } : {};
    const told = {
      etag: `"${bytes.length}"`,
      'accept-ranges': 'bytes',
      'content-length': body.length,
      ...range,
    };
    response.writeHead(headers.range ? 206 : 200, told).end(method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await close();
    },
  };
}

test('what a web server serves is opened from there, and copied as it is', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run(`${MODEL}; mkdir llama; cp model llama/w; weightseal seal llama -k local:k -q`);
  await using server = await served(sandbox.path);
  const { url } = server;
  expect(await sandbox.run(`weightseal open ${url}/model.sealed -o - -k local:k -q`)).toMatchObject({
    stdout: 'weights\n',
    code: 0,
  });
  expect(await sandbox.run(`weightseal verify ${url}/llama.sealed -k local:k -q`)).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(
    await sandbox.run(`weightseal cp ${url}/model.sealed copy -q && cmp copy model.sealed`),
  ).toMatchObject({
    code: 0,
  });
  const inspect = await sandbox.run(`weightseal inspect ${url}/llama.sealed`);
  expect(inspect.stdout).toContain('files       not known: the server does not tell what it has\n');
  expect(
    await sandbox.run(`weightseal cp ${url}/llama.sealed copies -q && diff -r copies llama.sealed`),
  ).toMatchObject({ code: 0 });
  // Without its manifest, nobody who has no key knows what a bundle is made of.
  const cp = await sandbox.run(
    `rm llama.sealed/weightseal.manifest.json; weightseal cp ${url}/llama.sealed others`,
  );
  expect(cp).toMatchObject({ code: 7, stderr: expect.stringContaining('STORE_UNSUPPORTED') as string });
  const seal = await sandbox.run(`weightseal seal model -k local:k -o ${url}/m`);
  expect(seal).toMatchObject({ code: 7, stderr: expect.stringContaining('STORE_UNSUPPORTED') as string });
});

onLinux('and runs in memory', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run(`${MODEL}; mkdir llama; cp model llama/w; weightseal seal llama -k local:k -q`);
  await using server = await served(sandbox.path);
  const run = `weightseal run -q -k local:k ${server.url}`;
  expect(await sandbox.run(`${run}/model.sealed -- cmp {model} model`)).toMatchObject({ code: 0 });
  expect(await sandbox.run(`${run}/llama.sealed -- diff -r {model} llama`)).toMatchObject({ code: 0 });
});

test('a signal ends an upload, and leaves nothing of it in the store', async () => {
  await using sandbox = await Sandbox.create();
  await copyFile(new URL('support/dir-store.mjs', import.meta.url), join(sandbox.path, 'dir-store.mjs'));
  const config = 'providers: { dir: { module: ./dir-store.mjs, options: { hangs: 0 } } }';
  await writeFile(join(sandbox.path, 'c.yaml'), config);
  await sandbox.run('weightseal keygen k; head -c 20000000 /dev/zero > model');
  const running = sandbox.start('exec weightseal seal model -k local:k -o dir://models/m --config c.yaml');
  running.stdin.end();
  const uploads = join(sandbox.path, 'store', 'models', '.uploads');
  // By then whoever writes knows of the upload.
  const names = () => readdir(uploads, { recursive: true }).catch(() => []);
  await expect.poll(async () => (await names()).join(), { timeout: 60_000 }).toContain('hangs');
  running.kill('SIGINT');
  expect(await running.outcome).toMatchObject({
    code: 130,
    stderr: expect.stringContaining('ABORTED') as string,
  });
  expect(await readdir(uploads)).toEqual([]);
});

test('a copy to a disk that was killed goes on in the middle of a file', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run('weightseal keygen k; head -c 40000000 /dev/zero > w; weightseal seal w -k local:k -q');
  const ranges: string[] = [];
  let killed = false;
  await using server = await served(sandbox.path, (range) => {
    ranges.push(range);
    return !killed && range.startsWith('bytes=16777216-');
  });
  const cp = `weightseal cp ${server.url}/w.sealed copy`;
  const running = sandbox.start(`exec ${cp}`);
  running.stdin.end();
  const done = async () => {
    const part = (await readdir(sandbox.path)).find((name) => name.endsWith('.weightseal-part')) ?? '';
    const text = await readFile(join(sandbox.path, part, 'new/weightseal.copying.done'), 'utf8').catch(
      () => '',
    );
    return text.split('\n').length - 2;
  };
  await expect.poll(done, { timeout: 60_000 }).toBe(2);
  running.kill('SIGKILL');
  await running.outcome;
  expect(await readdir(sandbox.path)).not.toContain('copy');
  killed = true;
  ranges.splice(0);
  expect(await sandbox.run(`${cp} -q && cmp copy w.sealed`)).toMatchObject({ code: 0 });
  expect(ranges.filter((range) => /^bytes=[1-9]/.test(range))).toEqual(['bytes=16777216-33554431']);
  expect((await readdir(sandbox.path)).sort()).toEqual(
    expect.arrayContaining(['copy', 'k', 'w', 'w.sealed']),
  );
});

test('a copy to a store that was killed goes on in the middle of a file, and what it has left is swept', async () => {
  await using sandbox = await Sandbox.create();
  await copyFile(new URL('support/dir-store.mjs', import.meta.url), join(sandbox.path, 'dir-store.mjs'));
  const hangsAfter = (parts: number) =>
    writeFile(
      join(sandbox.path, 'c.yaml'),
      `providers: { dir: { module: ./dir-store.mjs, options: { hangs: ${parts} } } }`,
    );
  await sandbox.run(
    'weightseal keygen k; mkdir llama; echo a > llama/a; echo b > llama/b; head -c 20000000 /dev/zero > llama/w; weightseal seal llama -k local:k -q',
  );
  const store = join(sandbox.path, 'store', 'models');
  const partsOfUploads = async () => {
    const names = await readdir(join(store, '.uploads'), { recursive: true }).catch(() => []);
    return names.filter((name) => name.includes('/part-'));
  };
  const more = '--config c.yaml --json';
  const killedAfter = async (parts: number, name: string) => {
    await hangsAfter(parts);
    const running = sandbox.start(`exec weightseal cp llama.sealed dir://models/${name} ${more}`);
    running.stdin.end();
    const names = () => readdir(join(store, name)).catch(() => []);
    const small = ['a.sealed', 'b.sealed', 'weightseal.manifest.json', 'weightseal.sealing'];
    await expect.poll(async () => (await names()).sort(), { timeout: 60_000 }).toEqual(small);
    await expect.poll(partsOfUploads, { timeout: 60_000 }).toHaveLength(parts);
    running.kill('SIGKILL');
    await running.outcome;
  };
  const copied = async (name: string, parts: number) => {
    await hangsAfter(parts);
    const cp = await sandbox.run(`weightseal cp llama.sealed dir://models/${name} ${more}`);
    expect(JSON.parse(cp.stdout)).toMatchObject({ copied: 3, present: 3 });
    expect(await readdir(join(store, name))).not.toContain('weightseal.sealing');
    expect(await readdir(join(store, '.uploads'))).toEqual([]);
    const verify = `weightseal verify dir://models/${name} --config c.yaml -k local:k -q`;
    expect(await sandbox.run(verify)).toMatchObject({ code: 0 });
  };
  await killedAfter(2, 'llama');
  // Of three parts one is missing, and no more than one would arrive.
  await copied('llama', 1);
  await killedAfter(2, 'swept');
  const sweep = await sandbox.run(`weightseal sweep dir://models --older-than 0s ${more}`);
  expect(JSON.parse(sweep.stdout)).toEqual({
    removed: ['dir://models/swept'],
    kept: [],
  });
  expect(await readdir(join(store, '.uploads'))).toEqual([]);
  await hangsAfter(3);
  const again = await sandbox.run(`weightseal cp llama.sealed dir://models/swept ${more}`);
  expect(JSON.parse(again.stdout)).toMatchObject({ copied: 6, present: 0 });
});
