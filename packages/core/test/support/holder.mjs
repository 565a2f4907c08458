// A process that rewraps a file and holds it: it says so on its output, and goes on when its input ends. Arguments: the file, the recipient to add, `reseal` or `rewrap`.
import { once } from 'node:events';
import { reseal, rewrap, WeightsealError } from '@weightseal/core';
import { dataKeyInTheClear } from './clear-key.mjs';

const [path, name, operation] = process.argv.slice(2);
const adding = dataKeyInTheClear(name);
const wrap = adding.wrap;
adding.wrap = async (...call) => {
  process.stdout.write('holding\n');
  process.stdin.resume();
  await once(process.stdin, 'end');
  return wrap(...call);
};
try {
  await { reseal, rewrap }[operation](path, { keys: [dataKeyInTheClear('a')], add: [adding] });
} catch (error) {
  if (!(error instanceof WeightsealError)) throw error;
  process.stdout.write(`${error.code}: ${error.message}\n`);
}
