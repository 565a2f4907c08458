// Runs the same program on one cloud after the other, and then on all of them at once. Clouds that cannot be reached here are left out,
// and said so: `npx pnpm@12 test:emulators example` starts a server for each.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyFile } from '@weightseal/kms-local';
import { makeKeys } from './emulators.ts';
import { program } from './program.ts';

const CLOUDS = ['aws', 'google', 'azure'];

const directory = await mkdtemp(join(tmpdir(), 'weightseal-clouds-'));
try {
  const model = join(directory, 'model.safetensors');
  const weights = randomBytes(3_000_000);
  await writeFile(model, weights);
  const digest = createHash('sha256').update(weights).digest('hex');
  process.env['WEIGHTSEAL_LOCAL_KEY'] = join(directory, 'models.key');
  await generateKeyFile(process.env['WEIGHTSEAL_LOCAL_KEY']);
  const there = await makeKeys();
  const everywhere = there.length === CLOUDS.length ? ['everywhere'] : [];
  for (const profile of ['local', ...there, ...everywhere]) {
    const ran = await program(model, profile);
    if (!ran.digest.endsWith(digest)) throw new Error(`${profile}: other bytes came back`);
    console.log(
      `${profile.padEnd(10)} sealed and opened for ${ran.keys.map((uri) => uri.split(':')[0]).join(', ')}`,
    );
  }
  const missing = CLOUDS.filter((cloud) => !there.includes(cloud));
  if (missing.length > 0)
    console.log(`left out: ${[...missing, 'everywhere'].join(', ')} (no emulator here)`);
} finally {
  await rm(directory, { recursive: true });
}
