// One operation that is expected to fail: prints the error's code, class and message, and what the key was asked for.
import { isWeightsealError, openToFile, reseal, rewrap, sealToFile } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { operation, input, output } = JSON.parse(process.argv[2]);
const asked = [];
const key = fixedKey('a');
const told =
  (name) =>
  async (...call) => {
    asked.push(name);
    return key[name](...call);
  };
const keys = [{ ...key, wrap: told('wrap'), unwrap: told('unwrap') }];
const add = ['fat1', 'fat2'].map((name) => fixedKey(name, 6000));
const operations = {
  seal: () => sealToFile(input, output, { keys }),
  open: () => openToFile(input, output, { keys }),
  openOver: () => openToFile(input, output, { keys, overwrite: true }),
  reseal: () => reseal(output, { keys }),
  grow: () => rewrap(output, { keys, add, grow: true }),
};
let outcome = { code: 'none' };
try {
  await operations[operation]();
} catch (error) {
  const { code, class: kind, message } = error;
  outcome = { ours: isWeightsealError(error), code, class: kind, message, asked };
}
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit());
