// One operation, or rewraps without end, for a parent that kills it. Prints `start`, `written` when all bytes have been, and `done`.
import { openToFile, reseal, rewrap, sealToFile } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const FAT = 6000;
const { operation, input, output } = JSON.parse(process.argv[2]);
const keys = [fixedKey('a')];
const say = (line) => process.stdout.write(`${line}\n`);
const onProgress = ({ bytes, total }) => bytes === total && bytes > 0 && say('written');
const common = { keys, onProgress, overwrite: true };

const operations = {
  seal: () => sealToFile(input, output, { ...common, overwrite: false }),
  sealOver: () => sealToFile(input, output, common),
  open: () => openToFile(input, output, { ...common, overwrite: false }),
  openOver: () => openToFile(input, output, common),
  reseal: () => reseal(output, common),
  grow: () => rewrap(output, { keys, add: [fixedKey('fat1', FAT), fixedKey('fat2', FAT)], grow: true }),
  async rewrap() {
    for (;;) {
      await rewrap(output, { keys, add: [fixedKey('b')] });
      await rewrap(output, { keys, remove: ['fixed:b'] });
    }
  },
};

say('start');
await operations[operation]();
say('done');
// Alive until it is killed: what ends a process normally is not what is tested.
setInterval(() => {}, 1_000_000);
