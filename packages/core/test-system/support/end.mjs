// Does one operation and does nothing to end: whatever still runs afterwards keeps this process alive.
import { openReader, openToFile, sealToFile } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { operation, input, output } = JSON.parse(process.argv[2]);
const options = { keys: [fixedKey('a')], overwrite: true };
if (operation === 'seal') await sealToFile(input, output, options);
if (operation === 'open') await openToFile(input, output, options);
if (operation === 'reader') await (await openReader(input, options))[Symbol.asyncDispose]();
if (operation === 'failure') await openToFile(input, `${output}/missing/output`, options).catch(() => {});
process.stdout.write('done\n');
