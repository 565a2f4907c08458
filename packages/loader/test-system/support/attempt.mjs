// Loads a model, reads it by its path, and tells how that went.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const { path, keyFile, options } = JSON.parse(process.argv[2]);
const tell = (outcome) => process.stdout.write(`outcome ${JSON.stringify(outcome)}\n`);
try {
  const model = await load(path, { keys: [createLocalKey({ path: keyFile })], ...options });
  const { kind, warnings } = model.placement;
  tell({
    kind,
    warnings,
    at: model.path,
    digest: createHash('sha256').update(readFileSync(model.path)).digest('hex'),
  });
  await model.dispose();
} catch (error) {
  tell({ code: error.code, message: error.message });
}
