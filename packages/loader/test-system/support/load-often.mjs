// Loads a model many times, reads it by its path each time, and tells how that went.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const { path, keyFile, options, times, pause = 0 } = JSON.parse(process.argv[2]);
const keys = [createLocalKey({ path: keyFile })];
const told = { loaded: 0, refused: {}, digests: [], paths: [], unreadable: {} };
for (let i = 0; i < times; i++) {
  try {
    const model = await load(path, { keys, ...options });
    told.loaded++;
    await sleep(pause);
    try {
      const digest = createHash('sha256').update(readFileSync(model.path)).digest('hex');
      if (!told.digests.includes(digest)) told.digests.push(digest);
    } catch (error) {
      told.unreadable[error.code] = (told.unreadable[error.code] ?? 0) + 1;
    }
    told.paths.push(model.path.replace(/[0-9]+/g, 'N'));
    await model.dispose();
  } catch (error) {
    const code = error.code ?? String(error);
    told.refused[code] = (told.refused[code] ?? 0) + 1;
  }
}
told.paths = [...new Set(told.paths)];
process.stdout.write(`told ${JSON.stringify(told)}\n`);
