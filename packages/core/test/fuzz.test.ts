import { bufferSource, isWeightsealError, openReader, openToStream } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../src/format/envelope.js';
import { encodeCopy, parseCopy } from '../src/format/envelope-copy.js';
import { parsePreamble } from '../src/format/preamble.js';
import { collect, failureOf, streamOf } from './support/sealed.js';
import { AREA, COPY_A, dataKeyOf, smallFile } from './support/small-file.js';

// Seeded, so that a failure can be run again; bounded by time, so that a slow machine does fewer.
const MILLISECONDS = 1200;
const file = smallFile();

/** A small generator of numbers from a seed: mulberry32. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Runs a case again and again; whatever it throws must be an error of ours, of the classes that hostile bytes may give. */
async function fuzz(seed: number, attempt: (next: (below: number) => number) => unknown): Promise<number> {
  const next = numbers(seed);
  const end = Date.now() + MILLISECONDS;
  let cases = 0;
  for (; Date.now() < end; cases++) {
    const started = Date.now();
    const error = await failureOf(async () => attempt(next));
    const ours =
      error === undefined || (isWeightsealError(error) && ['format', 'integrity'].includes(error.class));
    if (!ours) throw new Error(`case ${cases} of seed ${seed}`, { cause: error });
    if (Date.now() - started > 500)
      throw new Error(`case ${cases} of seed ${seed} took ${Date.now() - started} ms`);
  }
  return cases;
}

const SCRAPS = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\\',
  '\\u0000',
  '\\ud800',
  '\\udfff',
  '\ud83d\ude00',
  'null',
  'true',
  '-0',
  '1e999',
  '0.1',
  '9007199254740993',
  '\uFEFF',
  '\u2028',
  '"__proto__":{}',
  '"constructor":1',
  '"toString":[]',
  '"core":',
  '"slots":[]',
  ' ',
  '\n',
  '[[[[[[[[',
  '{"a":{"a":{"a":{"a":{"a":{"a":',
  'AAAA',
  '=',
  '-',
  '_',
  '+',
  '/',
  '\u0000',
];

/** A text with pieces of it doubled, dropped, moved, or replaced by scraps of JSON. */
function mutate(text: string, next: (below: number) => number): string {
  let out = text;
  for (let i = 1 + next(4); i > 0; i--) {
    const from = next(out.length + 1);
    const to = Math.min(out.length, from + next(next(8) === 0 ? 400 : 6));
    const pieces = [
      '',
      out.slice(from, to).repeat(2),
      SCRAPS[next(SCRAPS.length)]!,
      out.slice(next(out.length + 1)).slice(0, 40),
    ];
    out = out.slice(0, from) + pieces[next(pieces.length)]! + out.slice(to);
  }
  return out;
}

describe('hostile bytes give errors of ours only', () => {
  it('random bytes as an envelope document', async () => {
    const cases = await fuzz(1, (next) =>
      parseEnvelope(
        1,
        Uint8Array.from({ length: next(200) }, () => next(256)),
      ),
    );
    expect(cases).toBeGreaterThan(100);
  });

  it('a changed envelope document', async () => {
    const text = new TextDecoder().decode(file.document);
    const cases = await fuzz(2, (next) => parseEnvelope(1, new TextEncoder().encode(mutate(text, next))));
    expect(cases).toBeGreaterThan(100);
  });

  it('a changed document inside the document', async () => {
    const text = new TextDecoder().decode(file.document);
    const cases = await fuzz(3, (next) => {
      const document = JSON.parse(text) as { core: string; slots: string[] };
      const change = (base64url: string) =>
        Buffer.from(mutate(Buffer.from(base64url, 'base64url').toString(), next)).toString('base64url');
      if (next(2) === 0) document.core = change(document.core);
      else document.slots[next(3)] = change(document.slots[0]!);
      parseEnvelope(1, new TextEncoder().encode(JSON.stringify(document)));
    });
    expect(cases).toBeGreaterThan(100);
  });

  it('random fields in the frames', async () => {
    const cases = await fuzz(4, (next) => {
      const bytes = encodeCopy({ generation: 1 + next(5), document: new Uint8Array(next(300)) }, 4096);
      for (let i = next(6); i > 0; i--) bytes[next(64)] = next(256);
      parseCopy(bytes);
      const preamble = file.bytes.slice(0, 4096);
      for (let i = next(4); i > 0; i--) preamble[8 + next(20)] = next(256);
      parsePreamble(preamble.subarray(0, next(8) === 0 ? next(4096) : 4096));
    });
    expect(cases).toBeGreaterThan(100);
  });

  it('a whole file with any bytes changed, cut or added, as a source and as a stream', async () => {
    const keys = [dataKeyOf()];
    const cases = await fuzz(5, async (next) => {
      let bytes = file.bytes.slice();
      for (let i = 1 + next(4); i > 0; i--)
        bytes[next(3) === 0 ? next(bytes.length) : 12_288 + next(340)] = next(256);
      if (next(4) === 0) bytes = bytes.slice(0, next(bytes.length));
      if (next(4) === 0) bytes = Uint8Array.from(Buffer.concat([bytes, new Uint8Array(next(200))]));
      if (next(2) === 0) await collect(openToStream(streamOf(bytes, 1 + next(5000)), { keys }));
      else await collect(openToStream(bufferSource(bytes), { keys }));
    });
    expect(cases).toBeGreaterThan(50);
  });
});

describe('a claim of great size costs no memory', () => {
  const with32 = (offset: number, value: number, both = false) => {
    const bytes = file.bytes.slice();
    new DataView(bytes.buffer).setUint32(offset, value);
    if (both) new DataView(bytes.buffer).setUint32(offset + AREA, value);
    return bytes;
  };
  const claims: Record<string, Uint8Array> = {
    'an area of 4 GiB': with32(12, 0xffff_ffff),
    'an area of 1 MiB in a file of 12 KiB': (() => {
      const bytes = with32(12, 1_048_576);
      new DataView(bytes.buffer).setBigUint64(16, BigInt(4096 + 2 * 1_048_576));
      return bytes;
    })(),
    'a document of 4 GiB': with32(COPY_A + 16, 0xffff_ffff, true),
    'a document of 2 GiB': with32(COPY_A + 16, 0x7fff_ffff, true),
    'segments of 4 GiB': with32(file.payloadOffset + 2, 0xffff_ffff),
    'segments of 16 MiB': with32(file.payloadOffset + 2, 16_777_216),
    'an IV of 4 GiB': with32(file.payloadOffset + 6, 0xffff_ffff),
    'a segment of 4 GiB − 2': with32(file.payloadOffset + 74, 0xffff_fffe),
  };

  it.each(Object.entries(claims))('%s', async (_name, bytes) => {
    const keys = [dataKeyOf()];
    const attempts = [
      () => openReader(bufferSource(bytes), { keys }).then((reader) => reader.read(0, reader.size)),
      () => collect(openToStream(streamOf(bytes, 4096), { keys })),
    ];
    for (const attempt of attempts) {
      const before = memory();
      let most = 0;
      const timer = setInterval(() => {
        most = Math.max(most, memory() - before);
      }, 0);
      const error = await failureOf(attempt);
      clearInterval(timer);
      expect(isWeightsealError(error)).toBe(true);
      expect(Math.max(most, memory() - before)).toBeLessThan(16 * 1_048_576);
    }
  });
});

function memory(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}
