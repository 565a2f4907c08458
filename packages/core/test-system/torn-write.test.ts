import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { bufferSource, inspect, rewrap, sealToFile, verify } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workplace } from './support/harness.js';
import { fixedKey } from './support/keys.mjs';

const PREAMBLE = 4096;
const SECTOR = 512;
const A = fixedKey('a');
const B = fixedKey('b');

let place: Workplace;
let before: Buffer;
let after: Buffer;
let area: number;

beforeAll(async () => {
  place = new Workplace(1_048_576);
  writeFileSync(place.at('plain'), 'a small plaintext');
  await sealToFile(place.at('plain'), place.at('sealed'), { keys: [A] });
  before = readFileSync(place.at('sealed'));
  copyFileSync(place.at('sealed'), place.at('rewrapped'));
  await rewrap(place.at('rewrapped'), { keys: [A], add: [B] });
  after = readFileSync(place.at('rewrapped'));
  area = before.readUInt32BE(12);
});

afterAll(() => place[Symbol.dispose]());

/** Copy A is 0, copy B is 1. */
function copyOf(file: Buffer, index: number): Buffer {
  return file.subarray(PREAMBLE + index * area, PREAMBLE + (index + 1) * area);
}

/** The file after only some bytes of a write to one copy reached the disk. */
function torn(file: Buffer, index: number, reached: (at: number) => boolean): Buffer {
  const out = Buffer.from(file);
  const [target, source] = [copyOf(out, index), copyOf(after, index)];
  for (let at = 0; at < area; at++) if (reached(at)) target[at] = source[at]!;
  return out;
}

async function recipientsOf(file: Buffer): Promise<string[]> {
  const { recipients } = await inspect(bufferSource(file));
  return recipients.map(({ keyUri }) => keyUri);
}

const OLD = ['fixed:a'];
const NEW = ['fixed:a', 'fixed:b'];

/** Every byte where the documents are, then the sectors' edges: behind the longer document both copies are zero. */
function lengths(): number[] {
  const used = 56 + Math.max(copyOf(before, 0).readUInt32BE(16), copyOf(after, 0).readUInt32BE(16));
  const all = Array.from({ length: used + 2 }, (_, at) => at);
  for (let at = SECTOR; at <= area; at += SECTOR) all.push(at - 1, at, Math.min(at + 1, area));
  return all;
}

describe('a rewrap whose write is torn', () => {
  test('the payload, the preamble and the lengths stay', () => {
    const payload = PREAMBLE + 2 * area;
    expect(after.subarray(payload)).toEqual(before.subarray(payload));
    expect(after.subarray(0, PREAMBLE)).toEqual(before.subarray(0, PREAMBLE));
    expect(copyOf(before, 0)).toEqual(copyOf(before, 1));
    expect(copyOf(after, 0)).toEqual(copyOf(after, 1));
  });

  test('first write: the old envelope until its last byte is there', { timeout: 180_000 }, async () => {
    const used = 56 + copyOf(after, 1).readUInt32BE(16);
    for (const k of lengths()) {
      const file = torn(before, 1, (at) => at < k);
      expect(await recipientsOf(file), `${k} bytes`).toEqual(k >= used ? NEW : OLD);
    }
  });

  test('second write: the new envelope at every byte', { timeout: 180_000 }, async () => {
    const first = torn(before, 1, () => true);
    for (const k of lengths())
      expect(await recipientsOf(torn(first, 0, (at) => at < k)), `${k} bytes`).toEqual(NEW);
  });

  test('sectors in any order, each with every key that it should open with', {
    timeout: 180_000,
  }, async () => {
    for (let round = 0; round < 200; round++) {
      const sectors = Array.from({ length: area / SECTOR }, () => Math.random() < 0.5);
      const [base, index] = round % 2 === 0 ? [before, 1] : [torn(before, 1, () => true), 0];
      const file = torn(base, index, (at) => sectors[Math.floor(at / SECTOR)]!);
      const uris = await recipientsOf(file);
      expect([OLD, NEW]).toContainEqual(uris);
      for (const key of uris.length === 2 ? [A, B] : [A]) await verify(bufferSource(file), { keys: [key] });
    }
  });

  test.each([0, 1])('the next rewrap mends it (write %i was torn)', async (write) => {
    const base = write === 0 ? before : torn(before, 1, () => true);
    for (const k of [0, 1, 24, 100, 700]) {
      writeFileSync(
        place.at('torn'),
        torn(base, 1 - write, (at) => at < k),
      );
      await rewrap(place.at('torn'), { keys: [A], add: [fixedKey('c')] });
      const { copiesEqual, recipients } = await inspect(place.at('torn'));
      expect(copiesEqual).toBe(true);
      expect(recipients.map(({ keyUri }) => keyUri)).toEqual([...(write === 0 ? OLD : NEW), 'fixed:c']);
    }
  });

  test('it is torn again while it mends', { timeout: 180_000 }, async () => {
    // Copy A holds the old envelope, copy B the new one: the next rewrap must not begin with B.
    writeFileSync(
      place.at('half'),
      torn(before, 1, () => true),
    );
    await rewrap(place.at('half'), { keys: [A], remove: ['fixed:b'] });
    const mended = readFileSync(place.at('half'));
    const half = torn(before, 1, () => true);
    for (let k = 0; k <= area; k += k < 1500 ? 7 : SECTOR) {
      const file = Buffer.from(half);
      copyOf(mended, 0).copy(copyOf(file, 0), 0, 0, k);
      const uris = await recipientsOf(file);
      expect([OLD, NEW], `${k} bytes`).toContainEqual(uris);
    }
  });
});
