// One operation in a process of its own: prints its time and the most memory that the process ever had.
// node max-rss.mjs '{"operation":"open","input":"model.sealed","output":"model"}'
import { openToFile, reseal, sealToFile, verify } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { operation, input, output, digest = true } = JSON.parse(process.argv[2]);
const options = { keys: [fixedKey('a')], overwrite: true, digest };
const operations = {
  idle: () => {},
  seal: () => sealToFile(input, output, options),
  open: () => openToFile(input, output, options),
  verify: () => verify(input, options),
  reseal: () => reseal(input, options),
};
const start = performance.now();
await operations[operation]();
const ms = performance.now() - start;
const told = { operation, ms, maxRssMiB: process.resourceUsage().maxRSS / 1024 };
process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit());
