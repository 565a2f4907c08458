// Rewraps, and prints how many bytes of system calls that took (Linux counts them for each process).
import { readFileSync } from 'node:fs';
import { rewrap } from '@weightseal/core';
import { fixedKey } from './keys.mjs';

const { path } = JSON.parse(process.argv[2]);
const count = (name) =>
  Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(readFileSync('/proc/self/io', 'latin1'))[1]);
const before = { read: count('rchar'), written: count('wchar') };
const { generation } = await rewrap(path, { keys: [fixedKey('a')], add: [fixedKey('b')] });
const told = { generation, read: count('rchar') - before.read, written: count('wchar') - before.written };
process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit());
