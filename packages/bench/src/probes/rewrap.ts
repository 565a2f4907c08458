// Counts the bytes that this process writes, by any system call, while it rewraps a file.
import { readFileSync } from 'node:fs';
import { rewrap } from '@weightseal/core';
import { createLocalKey } from '@weightseal/kms-local';

const [path = '', keyPath = ''] = process.argv.slice(2);

function written(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

const before = written();
const { grown } = await rewrap(path, { keys: [createLocalKey({ path: keyPath })] });
console.log(JSON.stringify({ written: written() - before, grown }));
