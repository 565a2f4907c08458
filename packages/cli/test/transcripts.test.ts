import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
  for (const step of parseTranscript(await readFile(new URL(name, scripts), 'utf8'))) {
    expect(difference(step, await sandbox.run(step.command))).toBe('');
  }
});
