// One operation that is to be traced: sealing, opening to a path, or loading.
import { openToFile, sealToFile } from '@weightseal/core';
import { createLocalKey } from '@weightseal/kms-local';
import { load } from '@weightseal/loader';

const { operation, input, output, keyFile, options } = JSON.parse(process.argv[2]);
const keys = [createLocalKey({ path: keyFile })];
if (operation === 'seal') await sealToFile(input, output, { keys });
if (operation === 'open') await openToFile(input, output, { keys });
if (operation === 'load') {
  const model = await load(input, { keys, ...options });
  process.stdout.write(`placed ${JSON.stringify({ path: model.path, placement: model.placement })}\n`);
  await model.dispose();
}
process.stdout.write('done\n');
