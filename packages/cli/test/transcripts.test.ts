import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FILES, Served } from '../../pull/test/support/served.js';
import { Sandbox } from './support/cli.js';
import { difference, parseTranscript } from './support/transcript.js';

const scripts = new URL('scripts/', import.meta.url);

/** Plaintext goes into memory on Linux only. */
const names = (await readdir(scripts)).filter(
  (name) => !/^(?:stores-)?run\.txt$/.test(name) || process.platform === 'linux',
);

test.concurrent.for(names)('%s', { timeout: 180_000 }, async (name) => {
  await using sandbox = await Sandbox.create();
  if (name.startsWith('stores'))
    await copyFile(new URL('support/dir-store.mjs', import.meta.url), join(sandbox.path, 'dir-store.mjs'));
  await using _server = name === 'pull.txt' ? await serving(sandbox.path) : undefined;
  for (const step of parseTranscript(await readFile(new URL(name, scripts), 'utf8'))) {
    expect(difference(step, await sandbox.run(step.command))).toBe('');
  }
});

/** What is below `served` in the sandbox, over TLS with certificates on both sides; its address is in `url`, and what a client shows beside that. */
async function serving(path: string): Promise<Served> {
  await mkdir(join(path, 'served'));
  const server = await Served.start(join(path, 'served'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(path, name), text, { mode: 0o600 });
  await writeFile(join(path, 'url'), server.url);
  const releases = [{ path: 'llama', kind: 'bundle', model: 'acme/llama', version: '3', sealedSize: 2048 }];
  server.instead = ({ path: asked }, response) => {
    if (asked !== '') return false;
    response.end(JSON.stringify({ format: 'weightseal index v1', releases }));
    return true;
  };
  return server;
}
