// What a thread does for each MiB, one step at a time on one core: read, decrypt, write, and the digest that runs beside it.
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const MIB = 1_048_576;
const PIECE = 262_144;
const PIECES = MIB / PIECE;
const [input = '', output = '', mebibytes = '64', rounds = '5'] = process.argv.slice(2);

const from = openSync(input, 'r');
const to = openSync(output, 'w');
const piece = Buffer.alloc(PIECE);
const segment = Array.from({ length: PIECES }, () => Buffer.alloc(PIECE, 7));
const hash = createHash('sha256');

const steps: Readonly<Record<string, (at: number) => void>> = {
  read: (at) => {
    for (let i = 0; i < PIECES; i++) readSync(from, piece, 0, PIECE, at + i * PIECE);
  },
  crypt: () => {
    const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12));
    for (let i = 0; i < PIECES; i++) (cipher.update(piece).buffer as ArrayBuffer).transfer(0);
    cipher.final();
  },
  write: (at) => {
    for (const [i, bytes] of segment.entries()) writeSync(to, bytes, 0, PIECE, at + i * PIECE);
  },
  digest: () => {
    for (let i = 0; i < PIECES; i++) hash.update(piece);
  },
};

const milliseconds: Record<string, number[]> = {};
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, step] of Object.entries(steps)) {
    const started = performance.now();
    for (let i = 0; i < Number(mebibytes); i++) step(i * MIB);
    milliseconds[name] ??= [];
    milliseconds[name].push((performance.now() - started) / Number(mebibytes));
  }
  // So that each round writes new pages, as an open does, into memory that is warm.
  ftruncateSync(to, 0);
}
closeSync(from);
closeSync(to);
console.log(JSON.stringify(milliseconds));
