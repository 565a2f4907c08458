import { bufferSource, type ErrorCode, openReader, openToStream, verify } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { concat } from '../src/format/bytes.js';
import { encodeCopy, parseCopy } from '../src/format/envelope-copy.js';
import { collect, refusal, streamOf } from './support/sealed.js';
import { COPY_A, dataKeyOf, PLAINTEXT, SEGMENT, smallFile } from './support/small-file.js';

const AREA = 4096;
const file = smallFile(AREA);
const COPY_B = COPY_A + AREA;
const PAYLOAD = file.payloadOffset;
const BODY = PAYLOAD + 74;
const LAST = BODY + 4 * SEGMENT;
const keys = [dataKeyOf()];

const openSource = async (bytes: Uint8Array) => {
  const reader = await openReader(bufferSource(bytes), { keys });
  try {
    return await reader.read(0, reader.size);
  } finally {
    await reader[Symbol.asyncDispose]();
  }
};
const openStream = (bytes: Uint8Array) => collect(openToStream(streamOf(bytes), { keys }));

function flipped(at: number): Uint8Array {
  const bytes = file.bytes.slice();
  bytes[at]! ^= 1 << (at % 8);
  return bytes;
}

interface Region {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** What a flipped bit there gives; undefined where the other copy of the envelope still opens the file. */
  readonly codes: readonly ErrorCode[] | undefined;
  /** Where a stream's reader says something else. */
  readonly streamCodes?: readonly ErrorCode[];
}

const regions: readonly Region[] = [
  { name: 'magic', from: 0, to: 8, codes: ['NOT_SEALED'] },
  { name: 'version and flags', from: 8, to: 12, codes: ['UNSUPPORTED_VERSION'] },
  { name: 'rest of the preamble', from: 12, to: COPY_A, codes: ['HEADER_INVALID'] },
  { name: 'copy A', from: COPY_A, to: COPY_B, codes: undefined },
  { name: 'copy B', from: COPY_B, to: PAYLOAD, codes: undefined },
  { name: 'FLOE: algorithms', from: PAYLOAD, to: PAYLOAD + 2, codes: ['PAYLOAD_HEADER_INVALID'] },
  {
    name: 'FLOE: segment length',
    from: PAYLOAD + 2,
    to: PAYLOAD + 6,
    codes: ['PAYLOAD_HEADER_INVALID', 'PAYLOAD_HEADER_TAMPERED'],
  },
  { name: 'FLOE: length of the IV', from: PAYLOAD + 6, to: PAYLOAD + 10, codes: ['PAYLOAD_HEADER_INVALID'] },
  { name: 'FLOE: IV and tag', from: PAYLOAD + 10, to: BODY, codes: ['PAYLOAD_HEADER_TAMPERED'] },
  { name: 'segments before the last', from: BODY, to: LAST, codes: ['SEGMENT_TAMPERED'] },
  {
    name: "the last segment's marker",
    from: LAST,
    to: LAST + 4,
    codes: ['PAYLOAD_TRUNCATED', 'PAYLOAD_TRAILING_DATA', 'SEGMENT_TAMPERED'],
    streamCodes: ['PAYLOAD_TRUNCATED', 'PAYLOAD_TRAILING_DATA', 'SEGMENT_TAMPERED'],
  },
  { name: 'rest of the last segment', from: LAST + 4, to: file.bytes.length, codes: ['SEGMENT_TAMPERED'] },
];

describe('one flipped bit in every byte of a file', () => {
  it('has a rule for every byte', () => {
    expect(regions[0]!.from).toBe(0);
    expect(regions.at(-1)!.to).toBe(file.bytes.length);
    for (const [i, { from }] of regions.entries()) if (i > 0) expect(from).toBe(regions[i - 1]!.to);
  });

  for (const { name, from, to, codes, streamCodes } of regions) {
    it(`${name}: ${codes ? codes.join(' or ') : 'the other copy opens the file, with the same plaintext'}`, async () => {
      for (let at = from; at < to; at++) {
        const bytes = flipped(at);
        // A stream's head is read by the same code, so a part of it will do there.
        const skipsStream = to <= PAYLOAD && at % 7 !== 0;
        for (const [open, allowed] of [
          [openSource, codes],
          [openStream, streamCodes ?? codes],
        ] as const) {
          if (open === openStream && skipsStream) continue;
          if (!allowed) expect(Buffer.compare(await open(bytes), PLAINTEXT), `byte ${at}`).toBe(0);
          else {
            const error = await refusal(() => open(bytes));
            if (!allowed.includes(error.code)) expect.fail(`byte ${at}: ${error.code}: ${error.message}`);
          }
        }
      }
    });
  }

  it('in a copy of the default area: the copy is no longer whole, wherever the bit is', () => {
    const copy = encodeCopy({ generation: 3, document: file.document }, 16_384);
    for (let at = 0; at < copy.length; at++) {
      copy[at]! ^= 1 << (at % 8);
      if (parseCopy(copy)) expect.fail(`byte ${at}`);
      copy[at]! ^= 1 << (at % 8);
    }
    expect(parseCopy(copy)).toMatchObject({ generation: 3 });
  });

  it('the same byte in both copies: nobody opens it', async () => {
    const used = COPY_A + 56 + file.document.length;
    for (let at = COPY_A; at < used; at++) {
      const bytes = flipped(at);
      bytes[at + AREA] = bytes[at]!;
      expect((await refusal(() => openSource(bytes))).code, `byte ${at}`).toBe('ENVELOPE_DAMAGED');
    }
  });
});

describe('every length that a cut file can have', () => {
  const expected = (length: number): ErrorCode => (length < 8 ? 'NOT_SEALED' : 'PAYLOAD_TRUNCATED');

  it('is refused, as truncated once its magic can be read', async () => {
    for (let length = 0; length < file.bytes.length; length++) {
      // Every length in the parts that have content, and the edges of pages in those that are zero.
      if (length > 64 && length < PAYLOAD && length % 512 > 1) continue;
      const cut = file.bytes.slice(0, length);
      for (const open of [openSource, openStream]) {
        expect((await refusal(() => open(cut))).code, `${open.name} of ${length}`).toBe(expected(length));
      }
    }
  });

  it('a cut that leaves whole segments is refused before any byte is given out', async () => {
    for (let count = 1; count < 5; count++) {
      const cut = file.bytes.slice(0, BODY + count * SEGMENT);
      const error = await refusal(() => openReader(bufferSource(cut), { keys }));
      expect(error.code).toBe('PAYLOAD_TRUNCATED');
    }
  });
});

describe('bytes after the end', () => {
  it.each([1, 10, 11, 31, 32, 41, 42, SEGMENT, 2 * SEGMENT, 3 * SEGMENT])(
    '%i of them, of any kind, are PAYLOAD_TRAILING_DATA',
    async (count) => {
      const kinds = [
        new Uint8Array(count),
        new Uint8Array(count).fill(0xff),
        file.bytes.slice(BODY, BODY + count),
      ];
      for (const more of kinds) {
        const bytes = concat(file.bytes, more);
        for (const open of [openSource, openStream, (it: Uint8Array) => verify(bufferSource(it), { keys })]) {
          expect((await refusal(() => open(bytes))).code).toBe('PAYLOAD_TRAILING_DATA');
        }
      }
    },
  );
});

describe('segments', () => {
  const other = smallFile(AREA, 200);
  const sameKey = smallFile(AREA, 100);
  const put = (...pieces: readonly Uint8Array[]) => concat(file.bytes.subarray(0, BODY), ...pieces);
  const order = (...indices: number[]) => put(...indices.map((index) => file.segments[index]!));
  const codesOf = async (bytes: Uint8Array) => [
    (await refusal(() => openSource(bytes))).code,
    (await refusal(() => openStream(bytes))).code,
  ];
  const pairs = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => [a, b] as const));

  it('forging again gives the same file, so that splices below are what they say', () => {
    expect(Buffer.compare(sameKey.bytes, file.bytes)).toBe(0);
    expect(Buffer.compare(order(0, 1, 2, 3, 4), file.bytes)).toBe(0);
  });

  it.each(pairs)('%i and %i swapped: SEGMENT_REORDERED', async (a, b) => {
    const indices = [0, 1, 2, 3, 4];
    indices[a] = b;
    indices[b] = a;
    expect(await codesOf(order(...indices))).toEqual(['SEGMENT_REORDERED', 'SEGMENT_TAMPERED']);
  });

  it.each([0, 1, 2, 3])('%i and the last swapped: refused', async (a) => {
    const indices = [0, 1, 2, 3, 4];
    indices[a] = 4;
    indices[4] = a;
    const [source] = await codesOf(order(...indices));
    expect(source).toBe('PAYLOAD_TRAILING_DATA');
  });

  it.each([0, 1, 2, 3])('%i in the place of another: SEGMENT_REPEATED', async (from) => {
    for (const to of [0, 1, 2, 3].filter((it) => it !== from)) {
      const indices = [0, 1, 2, 3, 4];
      indices[to] = from;
      expect(await codesOf(order(...indices))).toEqual(['SEGMENT_REPEATED', 'SEGMENT_TAMPERED']);
    }
  });

  it.each([0, 1, 2, 3])('%i doubled: SEGMENT_REPEATED', async (index) => {
    const indices = [0, 1, 2, 3, 4].toSpliced(index, 0, index);
    expect(await codesOf(order(...indices))).toEqual(['SEGMENT_REPEATED', 'SEGMENT_TAMPERED']);
  });

  it('the last doubled: PAYLOAD_TRAILING_DATA', async () => {
    expect(await codesOf(order(0, 1, 2, 3, 4, 4))).toEqual([
      'PAYLOAD_TRAILING_DATA',
      'PAYLOAD_TRAILING_DATA',
    ]);
  });

  it.each([0, 1, 2, 3])('%i dropped: SEGMENT_MISSING', async (index) => {
    const indices = [0, 1, 2, 3, 4].toSpliced(index, 1);
    expect(await codesOf(order(...indices))).toEqual(['SEGMENT_MISSING', 'SEGMENT_TAMPERED']);
  });

  it("another file's, of the same key or another, in every place: SEGMENT_TAMPERED", async () => {
    const siblings = [other];
    for (const sibling of siblings) {
      for (const index of [0, 1, 2, 3, 4]) {
        const pieces = file.segments.with(index, sibling.segments[index]!);
        expect(await codesOf(put(...pieces))).toEqual(['SEGMENT_TAMPERED', 'SEGMENT_TAMPERED']);
      }
    }
  });

  it("another file's payload, with its header: PAYLOAD_HEADER_TAMPERED", async () => {
    const spliced = concat(file.bytes.subarray(0, PAYLOAD), other.bytes.subarray(PAYLOAD));
    expect(await codesOf(spliced)).toEqual(['PAYLOAD_HEADER_TAMPERED', 'PAYLOAD_HEADER_TAMPERED']);
  });

  it("another file's envelope before this payload: PAYLOAD_HEADER_TAMPERED", async () => {
    const spliced = concat(other.bytes.subarray(0, PAYLOAD), file.bytes.subarray(PAYLOAD));
    const error = await refusal(() => openReader(bufferSource(spliced), { keys: [dataKeyOf(200)] }));
    expect(error.code).toBe('PAYLOAD_HEADER_TAMPERED');
  });
});

it('positive control: the unchanged file opens', async () => {
  expect(Buffer.compare(await openSource(file.bytes), PLAINTEXT)).toBe(0);
  expect(Buffer.compare(await openStream(file.bytes), PLAINTEXT)).toBe(0);
});
