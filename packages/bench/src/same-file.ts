import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MIB } from './sizes.ts';

const BLOCK: number = 4 * MIB;

/** Numbers of a tool that gives back something else are worth nothing. @throws when the files differ */
export function expectSame(path: string, other: string): void {
  const a = openSync(path, 'r');
  const b = openSync(other, 'r');
  try {
    const [left, right] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)];
    if (fstatSync(a).size !== fstatSync(b).size) throw new Error(`${path} and ${other} differ in size.`);
    for (;;) {
      const length = fill(a, left);
      fill(b, right);
      if (Buffer.compare(left.subarray(0, length), right.subarray(0, length)) !== 0)
        throw new Error(`${path} and ${other} differ.`);
      if (length < BLOCK) return;
    }
  } finally {
    closeSync(a);
    closeSync(b);
  }
}

function fill(fd: number, block: Buffer): number {
  for (let done = 0; ; ) {
    const read = readSync(fd, block, done, block.length - done, null);
    done += read;
    if (read === 0 || done === block.length) return done;
  }
}
