import { bufferSource, type ErrorCode, inspect, openReader, openToStream } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { collect, refusal, streamOf } from './support/sealed.js';
import { dataKeyOf, PLAINTEXT, smallFile } from './support/small-file.js';

// FORMAT.md §3.2, §9.6, §9.12: what is said of a file that was cut or got longer, with a key and without.
const file = smallFile();
const { bytes } = file;
const ALL = bytes.length;

async function codeOf(attempt: () => Promise<unknown>): Promise<ErrorCode> {
  return (await refusal(attempt)).code;
}

const opened = (given: Uint8Array) => codeOf(() => openReader(bufferSource(given), { keys: [dataKeyOf()] }));
const shown = (given: Uint8Array) => codeOf(() => inspect(bufferSource(given)));
const streamed = (given: Uint8Array) =>
  codeOf(() => collect(openToStream(streamOf(given, 4096, 100), { keys: [dataKeyOf()] })));

function longer(by: number, filler: number): Uint8Array {
  const out = new Uint8Array(ALL + by).fill(filler);
  out.set(bytes);
  return out;
}

describe('a file that was cut', () => {
  it('to any length is told the same with a key and without', async () => {
    const lengths = [...Array(40).keys(), 4095, 4096, 4097, 8191, 8192, 12_287, 12_288];
    for (let length = file.payloadOffset; length < ALL; length++) lengths.push(length);
    for (const length of lengths) {
      const cut = bytes.slice(0, length);
      const expected = length < 8 ? 'NOT_SEALED' : 'PAYLOAD_TRUNCATED';
      expect([await opened(cut), await shown(cut), await streamed(cut)], `${length} bytes`).toEqual([
        expected,
        expected,
        expected,
      ]);
    }
  });

  it.each([8, 9, 10, 11])('among version and flags, with byte %i of another version', async (at) => {
    for (const length of [at + 1, 12, 100, 4095, 4096, ALL]) {
      const cut = bytes.slice(0, length);
      cut[at]! ^= 0x10;
      const told = [await opened(cut), await shown(cut), await streamed(cut)];
      expect(told, `${length} bytes`).toEqual(Array(3).fill('UNSUPPORTED_VERSION'));
    }
  });

  it('before its first segment: that is said before the copies are judged', async () => {
    for (const length of [file.payloadOffset, file.payloadOffset + 73, file.payloadOffset + 74 + 31]) {
      const cut = bytes.slice(0, length).fill(0, 4096, 4100).fill(0, 8192, 8196);
      const enough = bytes.slice().fill(0, 4096, 4100).fill(0, 8192, 8196);
      expect([await opened(cut), await shown(cut)]).toEqual(['PAYLOAD_TRUNCATED', 'PAYLOAD_TRUNCATED']);
      expect([await opened(enough), await shown(enough), await streamed(enough)]).toEqual(
        Array(3).fill('ENVELOPE_DAMAGED'),
      );
      // A stream's end is not known beforehand: there the payload's header is what must be there.
      const expected = length < file.payloadOffset + 74 ? 'PAYLOAD_TRUNCATED' : 'ENVELOPE_DAMAGED';
      expect(await streamed(cut)).toBe(expected);
    }
  });

  it('before its preamble is over: the rest of it is not judged', async () => {
    const cut = bytes.slice(0, 4095);
    cut[12] = 0xff;
    cut[100] = 1;
    expect([await opened(cut), await shown(cut), await streamed(cut)]).toEqual(
      Array(3).fill('PAYLOAD_TRUNCATED'),
    );
  });
});

describe('a file that got longer', () => {
  it.each([0, 0x20, 0xff])(
    'by any number of bytes %i is told the same with a key and without',
    async (filler) => {
      for (let by = 1; by < 200; by++) {
        const given = longer(by, filler);
        const told = [await opened(given), await shown(given), await streamed(given)];
        expect(told, `${by} bytes more`).toEqual(Array(3).fill('PAYLOAD_TRAILING_DATA'));
      }
    },
  );
});

it('positive control: as it is, it opens and is shown', async () => {
  expect(await inspect(bufferSource(bytes))).toMatchObject({ size: PLAINTEXT.length });
  await using reader = await openReader(bufferSource(bytes), { keys: [dataKeyOf()] });
  expect(await reader.read(0, reader.size)).toEqual(PLAINTEXT);
});
