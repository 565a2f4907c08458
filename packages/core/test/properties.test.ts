import { readFile, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  bufferSource,
  type Context,
  inspect,
  openReader,
  openToFile,
  openToStream,
  reseal,
  rewrap,
  sealToFile,
  sealToStream,
  verify,
} from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, hasControl, toBase64url } from '../src/format/bytes.js';
import { canonicalJson, type Json, parseCanonicalJson } from '../src/format/canonical-json.js';
import { encodeContext } from '../src/format/context.js';
import { OVERHEAD, type Segments, segmentsOfBody, segmentsOfPlaintext } from '../src/format/sizes.js';
import { MemoryKey } from './support/memory-key.js';
import { collect, failureOf, pattern, streamOf } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const temp = await temporary();

const contextText = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !hasControl(text));
const contexts: fc.Arbitrary<Context> = fc.dictionary(
  contextText.filter((text) => text !== ''),
  contextText,
  { maxKeys: 6 },
);
/** Sizes around the edges of segments more often than others. */
const sizes = (segmentLength: number) =>
  fc.oneof(
    fc.nat(20_000),
    fc
      .tuple(fc.nat(5), fc.integer({ min: -1, max: 1 }))
      .map(([count, more]) => Math.max(0, count * (segmentLength - OVERHEAD) + more)),
  );
const files = fc
  .oneof(fc.integer({ min: 64, max: 5000 }), fc.constantFrom(64, 65, 4096))
  .chain((segmentLength) =>
    fc.record({
      segmentLength: fc.constant(segmentLength),
      size: sizes(segmentLength),
      context: contexts,
      chunks: fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 4 }),
      digest: fc.boolean(),
      recipients: fc.integer({ min: 1, max: 4 }),
    }),
  );

describe('what was sealed comes back', () => {
  it('by every way to seal and every way to open', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ size, segmentLength, context, chunks, digest, recipients }) => {
        const plaintext = pattern(size, segmentLength);
        const keys = Array.from({ length: recipients }, (_, i) => new MemoryKey(`k${i}`));
        const opener = { keys: [keys.at(-1)!], context };
        const options = { keys, context, segmentLength };
        const input = temp.path();
        const output = temp.path();
        const opened = temp.path();
        await writeFile(input, plaintext);
        const inputs = {
          path: () => input,
          source: () => bufferSource(plaintext),
          'Node stream': () => Readable.from(streamOf(plaintext, ...chunks), { objectMode: false }),
          'web stream': () =>
            ReadableStream.from(streamOf(plaintext, ...chunks)) as ReadableStream<Uint8Array>,
          iterable: () => streamOf(plaintext, ...chunks),
        };
        for (const [name, make] of Object.entries(inputs)) {
          const sealed = await sealToFile(make(), output, { ...options, digest, overwrite: true });
          expect(sealed.size, name).toBe(size);
          const bytes = await readFile(output);
          expect(bytes.length, name).toBe(sealed.sealedSize);
          const told = await verify(output, opener);
          expect(told, name).toMatchObject({ context, size, digestVerified: digest });
          expect(Buffer.compare(await collect(openToStream(output, opener)), plaintext), name).toBe(0);
        }
        const bytes = await readFile(output);
        for (const make of [
          () => output,
          () => bufferSource(bytes),
          () => Readable.from(streamOf(bytes, ...chunks), { objectMode: false }),
          () => ReadableStream.from(streamOf(bytes, ...chunks)) as ReadableStream<Uint8Array>,
        ]) {
          expect(await openToFile(make(), opened, { ...opener, digest })).toMatchObject({
            size,
            digestVerified: digest,
          });
          expect(Buffer.compare(await readFile(opened), plaintext)).toBe(0);
          await rm(opened);
        }
      }),
      { numRuns: 15, seed: 20_261_120 },
    );
  });

  it('also when a stream is sealed into a stream and opened from one', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ size, segmentLength, context, chunks }) => {
        const plaintext = pattern(size, size);
        const options = { keys: [new MemoryKey('a')], context };
        const sealing = sealToStream(streamOf(plaintext, ...chunks), { ...options, segmentLength });
        const opening = openToStream(sealing, options);
        expect(Buffer.compare(await collect(opening), plaintext)).toBe(0);
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  });
});

describe('a reader', () => {
  it('reads what a slice would give, anywhere, several at once', async () => {
    const reads = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(files, reads, async ({ size, segmentLength }, ranges) => {
        const plaintext = pattern(size);
        const keys = [new MemoryKey('a')];
        const sealed = await collect(sealToStream(bufferSource(plaintext), { keys, segmentLength }));
        await using reader = await openReader(bufferSource(sealed), { keys });
        expect(reader.size).toBe(size);
        await Promise.all(
          ranges.map(async ([a, b]) => {
            const offset = a % (size + 1);
            const length = b % (size - offset + 1);
            const read = await reader.read(offset, length);
            expect(Buffer.compare(read, plaintext.subarray(offset, offset + length))).toBe(0);
          }),
        );
      }),
      { numRuns: 40, seed: 20_261_122 },
    );
  });

  it('refuses what is not within the file', async () => {
    const keys = [new MemoryKey('a')];
    const sealed = await collect(sealToStream(bufferSource(pattern(100)), { keys, segmentLength: 64 }));
    await using reader = await openReader(bufferSource(sealed), { keys });
    for (const [offset, length] of [
      [0, 101],
      [101, 0],
      [100, 1],
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ]) {
      expect(await failureOf(() => reader.read(offset!, length!))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(await reader.read(100, 0)).toEqual(new Uint8Array());
  });
});

describe('the arithmetic of segments', () => {
  const bodyLength = ({ count, segmentLength, finalLength }: Segments) =>
    (count - 1) * segmentLength + finalLength;

  it('both ways agree, at every edge', () => {
    for (const segmentLength of [64, 65, 100, 4096]) {
      for (let size = 0; size < 4 * segmentLength; size++) {
        const made = segmentsOfPlaintext(size, segmentLength);
        expect(segmentsOfBody(bodyLength(made), segmentLength)).toEqual(made);
        expect(made.finalLength).toBeGreaterThanOrEqual(OVERHEAD);
        expect(made.finalLength).toBeLessThanOrEqual(segmentLength);
        expect(made.finalLength > OVERHEAD || size === 0).toBe(true);
      }
    }
  });

  it('and for sizes up to the largest', () => {
    const lengths = fc.integer({ min: 64, max: 16_777_216 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 2 ** 50 }), (segmentLength, size) => {
        fc.pre(Math.ceil(size / (segmentLength - 32)) <= 2 ** 40);
        const made = segmentsOfPlaintext(size, segmentLength);
        const length = bodyLength(made);
        if (made.count <= 2 ** 40 && Number.isSafeInteger(length))
          expect(segmentsOfBody(length, segmentLength)).toEqual(made);
      }),
    );
  });

  it('every body length has segments that fill it, the last of them perhaps too short to be one', () => {
    for (const segmentLength of [64, 65, 100]) {
      for (let length = 0; length < 5 * segmentLength; length++) {
        const found = segmentsOfBody(length, segmentLength);
        expect(bodyLength(found)).toBe(length);
        expect(found.finalLength).toBeLessThanOrEqual(segmentLength);
        expect(found.plaintextSize).toBe(Math.max(0, length - found.count * OVERHEAD));
      }
    }
  });
});

describe('encodings', () => {
  const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 5 },
      fc.string({ unit: 'grapheme' }),
      fc.maxSafeInteger().map((value) => value + 0),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  it('canonical JSON: parsing gives the value back, and encoding it again the same bytes', () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = canonicalJson(value);
        const parsed = parseCanonicalJson(bytes)!;
        expect(parsed).toEqual(JSON.parse(JSON.stringify(value)));
        expect(Buffer.compare(canonicalJson(parsed), bytes)).toBe(0);
      }),
    );
  });

  it('canonical JSON: only equal values have equal bytes, whatever the order of their members', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = Buffer.compare(canonicalJson(a), canonicalJson(b)) === 0;
        expect(same).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  it('contexts: the same bytes only for the same map', () => {
    fc.assert(
      fc.property(contexts, contexts, (a, b) => {
        const same = Buffer.compare(encodeContext(a), encodeContext(b)) === 0;
        const entries = (context: Context) => Object.entries(context).sort(([x], [y]) => (x < y ? -1 : 1));
        expect(same).toBe(JSON.stringify(entries(a)) === JSON.stringify(entries(b)));
        const reordered = Object.fromEntries(Object.entries(a).reverse());
        expect(Buffer.compare(encodeContext(reordered), encodeContext(a))).toBe(0);
      }),
    );
    expect(encodeContext({ a: 'bc' })).not.toEqual(encodeContext({ ab: 'c' }));
  });

  it('base64url: one spelling for every bytes, and no other is accepted', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 12 }), (text) => {
        const bytes = fromBase64url(text);
        if (bytes) expect(toBase64url(bytes)).toBe(text);
      }),
    );
  });
});

function sorted(value: Json): unknown {
  if (Array.isArray(value)) return ['array', ...value.map(sorted)];
  if (typeof value !== 'object') return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['object', ...members.map(([name, item]) => [name, sorted(item as Json)])];
}

describe('any sequence of rewraps and reseals', () => {
  const names = ['a', 'b', 'c', 'd'] as const;
  const steps = fc.array(
    fc.record({
      reseal: fc.boolean(),
      add: fc.subarray([...names]),
      remove: fc.subarray([...names]),
    }),
    { minLength: 1, maxLength: 5 },
  );

  it('keeps the plaintext, and exactly the recipients that it should leave can open', async () => {
    const keys = Object.fromEntries(names.map((name) => [name, new MemoryKey(name)]));
    const plaintext = pattern(1000);
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const path = temp.path();
        await sealToFile(bufferSource(plaintext), path, { keys: [keys['a']!], segmentLength: 128 });
        let recipients = new Set<string>(['a']);
        for (const step of sequence) {
          const remove = step.remove.filter((name) => recipients.has(name) && !step.add.includes(name));
          const left = new Set(
            [...recipients].filter((name) => !remove.includes(name as never)).concat(step.add),
          );
          const options = {
            keys: [...recipients].map((name) => keys[name]!),
            add: step.add.map((name) => keys[name]!),
            remove: remove.map((name) => keys[name]!.uri),
          };
          const change = () => (step.reseal ? reseal(path, options) : rewrap(path, options));
          const failure = await failureOf(change);
          if (left.size === 0) expect(failure).toMatchObject({ code: 'RECIPIENT_REQUIRED' });
          else if (!step.reseal && step.add.length + remove.length === 0)
            expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT' });
          else {
            expect(failure).toBeUndefined();
            recipients = left;
          }
          const shown = (await inspect(path)).recipients.map(({ keyUri }) => keyUri);
          expect(shown.sort()).toEqual([...recipients].map((name) => keys[name]!.uri).sort());
          for (const name of names) {
            const opened = await failureOf(async () => {
              expect(
                Buffer.compare(await collect(openToStream(path, { keys: [keys[name]!] })), plaintext),
              ).toBe(0);
            });
            expect(opened === undefined, name).toBe(recipients.has(name));
          }
        }
      }),
      { numRuns: 25, seed: 20_261_123 },
    );
  });
});
