import { readFile, writeFile } from 'node:fs/promises';
import { inspect, openReader, reseal, rewrap, sealToFile, verify } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json, parseCanonicalJson } from '../src/format/canonical-json.js';
import { authenticateEnvelope, encodeEnvelope, parseEnvelope } from '../src/format/envelope.js';
import { encodeCopy, nextGeneration, parseCopy } from '../src/format/envelope-copy.js';
import { openMetadata, sealMetadata } from '../src/format/metadata.js';
import { isUtcTime } from '../src/format/utc-time.js';
import { forge } from './support/forge.js';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern } from './support/sealed.js';
import { dataKeyOf, PLAINTEXT, smallFile, smallParts } from './support/small-file.js';
import { temporary } from './support/temporary.js';

// What a writer makes, a reader takes; and what no reader would take is not written.
const HIGHEST = Number.MAX_SAFE_INTEGER;
const temp = await temporary();

async function fileOf(changes: Partial<ReturnType<typeof smallParts>>): Promise<string> {
  const path = temp.path();
  await writeFile(path, forge({ ...smallParts(100, 16_384), ...changes }).bytes);
  return path;
}

describe('the highest generation', () => {
  it.each([false, true])(
    'opens, and no rewrap follows it: no key is asked, no byte changes (grow: %s)',
    async (grow) => {
      const path = await fileOf({ generation: HIGHEST });
      const before = await readFile(path);
      const key = dataKeyOf();
      const added = new MemoryKey('added');
      await expect(rewrap(path, { keys: [key], add: [added], grow })).rejects.toEqual(
        code('GENERATION_EXHAUSTED'),
      );
      await expect(rewrap(path, { keys: [key], remove: ['memory:three'] })).rejects.toEqual(
        code('GENERATION_EXHAUSTED'),
      );
      expect([key.calls, added.calls]).toEqual([0, 0]);
      expect(Buffer.compare(await readFile(path), before)).toBe(0);
      expect(await verify(path, { keys: [key], strict: true })).toMatchObject({ size: PLAINTEXT.length });
    },
  );

  it('is reached by a rewrap of the one before it', async () => {
    const path = await fileOf({ generation: HIGHEST - 1 });
    expect(await rewrap(path, { keys: [dataKeyOf()], remove: ['memory:three'] })).toMatchObject({
      generation: HIGHEST,
    });
    expect(await verify(path, { keys: [dataKeyOf()], strict: true })).toMatchObject({ copiesEqual: true });
  });

  it('is over with a reseal', async () => {
    const path = await fileOf({ generation: HIGHEST });
    await reseal(path, {
      keys: [dataKeyOf()],
      remove: ['memory:one', 'elsewhere:two', 'memory:three'],
      add: [new MemoryKey('new')],
    });
    expect(await inspect(path)).toMatchObject({ generation: 1 });
    await rewrap(path, { keys: [new MemoryKey('new')] });
    expect(await inspect(path)).toMatchObject({ generation: 2 });
  });

  it('is a number that can still be told from its neighbours', () => {
    expect(nextGeneration(1)).toBe(2);
    expect(nextGeneration(HIGHEST - 1)).toBe(HIGHEST);
    for (const generation of [HIGHEST, HIGHEST + 1, 2 ** 60])
      expect(() => nextGeneration(generation)).toThrow(code('GENERATION_EXHAUSTED') as Error);
  });
});

describe('nothing is encoded that could not be read again', () => {
  const file = smallFile();
  const parts = { generation: 1, core: file.core, slots: file.slots, metadata: file.metadata };
  const dataKey = pattern(32, 100);

  it.each([0, -1, HIGHEST + 1])('a copy of generation %s', (generation) => {
    expect(() => encodeCopy({ generation, document: file.document }, 4096)).toThrow();
  });

  it.each([1, 2, HIGHEST])('but one of generation %s', (generation) => {
    const copy = encodeCopy({ generation, document: file.document }, 4096);
    expect(parseCopy(copy)).toEqual({ generation, document: file.document });
  });

  it('an envelope without slots, with too many, with metadata that is too short or too long', () => {
    const [slot] = file.slots;
    for (const wrong of [
      { slots: [] },
      { slots: Array.from({ length: 33 }, () => slot!) },
      { metadata: new Uint8Array(27) },
      { metadata: new Uint8Array(16_385) },
      { slots: [{ ...slot!, bytes: canonicalJson({ provider: 'x' }) }] },
      { core: { ...file.core, bytes: canonicalJson({}) } },
    ]) {
      const attempt = () => authenticateEnvelope(dataKey, { ...parts, ...wrong });
      expect(attempt).toThrow(expect.objectContaining({ class: 'format' }));
    }
    const sound = authenticateEnvelope(dataKey, parts);
    expect(encodeEnvelope(parseEnvelope(1, encodeEnvelope(sound)))).toEqual(encodeEnvelope(sound));
  });

  it('metadata with a time, a name, a digest or a size that cannot be', () => {
    for (const wrong of [
      { created: '2026-01-02T03:04:05+00:00' },
      { name: 'a/b' },
      { digest: 'sha256:00' },
      { size: -1 },
    ]) {
      expect(() => sealMetadata(dataKey, file.core, wrong)).toThrow();
    }
    const sound = { created: '2026-01-02T03:04:05Z', name: 'a', size: 1 };
    expect(openMetadata(dataKey, file.core, sealMetadata(dataKey, file.core, sound))).toEqual(sound);
  });

  it('metadata that no reader takes is not carried over by a reseal, and the file stays as it is', async () => {
    const path = await fileOf({ metadata: { created: '2026-01-02T03:04:05+01:00', size: PLAINTEXT.length } });
    const before = await readFile(path);
    const change = { keys: [dataKeyOf()], remove: ['elsewhere:two', 'memory:three'] };
    await expect(reseal(path, change)).rejects.toEqual(code('METADATA_TAMPERED'));
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });
});

describe('times', () => {
  const spelled = (time: Date) => time.toISOString();
  const years = {
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  };

  it('every moment of the years that have four digits is taken, as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.date(years), (time) => {
        expect(isUtcTime(spelled(time))).toBe(true);
        expect(isUtcTime(spelled(time).replace(/\.\d+/, ''))).toBe(true);
      }),
    );
  });

  it('digits in the same places are taken when there is such a moment, and only then', () => {
    const digits = fc.tuple(
      fc.integer({ min: 0, max: 9999 }),
      ...[13, 33, 25, 61, 61].map((max) => fc.integer({ min: 0, max })),
    );
    fc.assert(
      fc.property(digits, ([year, ...rest]) => {
        const two = rest.map((value) => String(value).padStart(2, '0'));
        const text = `${String(year).padStart(4, '0')}-${two[0]}-${two[1]}T${two[2]}:${two[3]}:${two[4]}.000Z`;
        const time = new Date(text);
        const exists = !Number.isNaN(time.getTime()) && time.toISOString() === text;
        expect(isUtcTime(text), text).toBe(exists);
      }),
      { numRuns: 2000 },
    );
  });

  it('a text with anything before, after or changed in it is another spelling', () => {
    const time = '2026-01-02T03:04:05.678Z';
    expect(isUtcTime(time)).toBe(true);
    for (const other of ['\n', ' ', '\u0000', 'Z', '1', '-', '\u0661']) {
      for (let at = 0; at <= time.length; at++) {
        const put = time.slice(0, at) + other + time.slice(at);
        // One more digit of a second is another moment.
        if (/\.\d{4}Z$/.test(put)) continue;
        expect(isUtcTime(put), JSON.stringify(put)).toBe(false);
      }
    }
  });
});

describe('nesting', () => {
  const inArrays = (value: Json, depth: number): Json => (depth === 0 ? value : [inArrays(value, depth - 1)]);

  it.each<[string, Json]>([
    ['a number', 1],
    ['a string', ''],
    ['an empty array', []],
    ['an empty object', {}],
  ])('%s may stand inside 6 others, and not inside 7', (_name, value) => {
    expect(parseCanonicalJson(canonicalJson(inArrays(value, 6)))).toEqual(inArrays(value, 6));
    expect(() => canonicalJson(inArrays(value, 7))).toThrow();
    expect(parseCanonicalJson(Buffer.from(JSON.stringify(inArrays(value, 7))))).toBeUndefined();
    const member = { z: inArrays(value, 5) };
    expect(parseCanonicalJson(canonicalJson(member))).toEqual(member);
    expect(() => canonicalJson({ z: inArrays(value, 6) })).toThrow();
  });
});

describe('a file that grows', () => {
  it('has an area of twice its envelope, in whole 4096s, and the same payload', async () => {
    const path = await fileOf({});
    const before = await readFile(path);
    const add = Array.from({ length: 29 }, (_, i) => new MemoryKey(`${'k'.repeat(300)}${i}`));
    await expect(rewrap(path, { keys: [dataKeyOf()], add })).rejects.toEqual(code('ENVELOPE_FULL'));
    expect(await rewrap(path, { keys: [dataKeyOf()], add, grow: true })).toMatchObject({ grown: true });
    const after = await readFile(path);
    const area = after.readUInt32BE(12);
    const length = after.readUInt32BE(4096 + 16);
    expect(area).toBe(Math.max(16_384, Math.ceil((2 * length) / 4096) * 4096));
    expect(area).toBeGreaterThan(16_384);
    expect(Buffer.compare(after.subarray(4096 + 2 * area), before.subarray(4096 + 2 * 16_384))).toBe(0);
    expect(await verify(path, { keys: [dataKeyOf()], strict: true })).toMatchObject({ copiesEqual: true });
  });

  it('may be sealed with a larger area from the start', async () => {
    const path = temp.path();
    const keys = Array.from({ length: 32 }, (_, i) => new MemoryKey(`${'k'.repeat(300)}${i}`));
    await sealToFile(new Blob([pattern(10)]).stream(), path, { keys });
    const area = (await readFile(path)).readUInt32BE(12);
    const length = (await readFile(path)).readUInt32BE(4096 + 16);
    expect(area % 4096).toBe(0);
    expect(area).toBeGreaterThanOrEqual(2 * length);
    await using reader = await openReader(path, { keys: [keys[31]!] });
    expect(await reader.read(0, 10)).toEqual(pattern(10));
  });
});
