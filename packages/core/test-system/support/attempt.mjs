// One operation that is expected to fail: prints the error's code, class and message.
import { isWeightsealError, openToFile, reseal, rewrap, sealToFile } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { operation, input, output } = JSON.parse(process.argv[2]);
const keys = [fixedKey('a')];
const add = ['fat1', 'fat2'].map((name) => fixedKey(name, 6000));
const operations = {
  seal: () => sealToFile(input, output, { keys }),
  open: () => openToFile(input, output, { keys }),
  openOver: () => openToFile(input, output, { keys, overwrite: true }),
  reseal: () => reseal(output, { keys }),
  grow: () => rewrap(output, { keys, add, grow: true }),
};
let told = { code: 'none' };
try {
  await operations[operation]();
} catch (error) {
  const { code, class: kind, message } = error;
  told = { ours: isWeightsealError(error), code, class: kind, message };
}
process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit());
