import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';
import { difference, parseTranscript } from './support/transcript.js';

const scripts = new URL('scripts/', import.meta.url);

/** Plaintext goes into memory on Linux only. */
const names = (await readdir(scripts)).filter((name) => name !== 'run.txt' || process.platform === 'linux');

test.concurrent.for(names)('%s', { timeout: 180_000 }, async (name) => {
  await using sandbox = await Sandbox.create();
  for (const step of parseTranscript(await readFile(new URL(name, scripts), 'utf8'))) {
    expect(difference(step, await sandbox.run(step.command))).toBe('');
  }
});
