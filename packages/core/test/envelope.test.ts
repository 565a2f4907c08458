import { readFile, writeFile } from 'node:fs/promises';
import { bufferSource, type ErrorCode, inspect, openReader, rewrap } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { fromBase64url, utf8 } from '../src/format/bytes.js';
import { canonicalJson, type Json } from '../src/format/canonical-json.js';
import { authenticateEnvelope, encodeEnvelope } from '../src/format/envelope.js';
import { encodeCopy } from '../src/format/envelope-copy.js';
import { type Document, documentOf, encodeDocument, toBase64url, withDocument } from './support/forge.js';
import { MemoryKey } from './support/memory-key.js';
import { pattern, refusal } from './support/sealed.js';
import { COPY_A, dataKeyOf, PLAINTEXT, smallFile } from './support/small-file.js';
import { temporary } from './support/temporary.js';

// All of these have right checksums in both copies: only the document's form and its MAC are left to refuse them.
const AREA = 16_384;
const file = smallFile(AREA);
const decoder = new TextDecoder();
const text = decoder.decode(file.document);
const temp = await temporary();

async function outcome(bytes: Uint8Array): Promise<{ code: ErrorCode | 'opens'; calls: number }> {
  const key = dataKeyOf();
  try {
    await using reader = await openReader(bufferSource(bytes), { keys: [key] });
    const same = Buffer.compare(await reader.read(0, reader.size), PLAINTEXT) === 0;
    return { code: same ? 'opens' : (undefined as never), calls: key.calls };
  } catch (error) {
    return { code: (await refusal(() => Promise.reject(error))).code, calls: key.calls };
  }
}

const withText = (changed: string | Uint8Array) =>
  withDocument(file.bytes, typeof changed === 'string' ? utf8(changed) : changed, AREA, 3);
const withObject = (edit: (document: Document) => unknown) => {
  const before = documentOf(file);
  return withDocument(file.bytes, encodeDocument(edit(before) ?? before), AREA, 3);
};
const inside = (member: 'core' | number, edit: (text: string) => string | Uint8Array) =>
  withObject((document) => {
    const before = Buffer.from(member === 'core' ? document.core : document.slots[member]!, 'base64url');
    const after = edit(before.toString());
    const encoded = toBase64url(typeof after === 'string' ? utf8(after) : after);
    if (member === 'core') document.core = encoded;
    else document.slots[member] = encoded;
  });
const insideJson = (member: 'core' | number, edit: (value: Record<string, Json>) => unknown) =>
  inside(member, (before) => {
    const value = JSON.parse(before) as Record<string, Json>;
    return canonicalJson((edit(value) ?? value) as Json);
  });

const INVALID = { code: 'ENVELOPE_INVALID', calls: 0 };
const isInvalid = (cases: Record<string, () => Uint8Array>) => {
  it.each(Object.entries(cases))('%s: ENVELOPE_INVALID, and no key is asked', async (_name, make) => {
    expect(await outcome(make())).toEqual(INVALID);
  });
};

it('positive control: the document as it is', async () => {
  expect(await outcome(withText(text))).toEqual({ code: 'opens', calls: 1 });
});

describe('a document that is not canonical JSON', () => {
  isInvalid({
    nothing: () => withText(''),
    'a space before it': () => withText(` ${text}`),
    'a newline after it': () => withText(`${text}\n`),
    'a space inside': () => withText(text.replace(':', ': ')),
    'a tab inside': () => withText(text.replace(',', ',\t')),
    'a byte order mark': () => withText(`\uFEFF${text}`),
    'a zero byte after it': () => withText(`${text}\0`),
    'a second document after it': () => withText(`${text}${text}`),
    'a comment': () => withText(`${text}//`),
    'the same member twice, equal': () => withText(text.replace(/("mac":"[^"]*",)/, '$1$1')),
    'the same member twice, different': () => withText(text.replace('"mac":', '"mac":"","mac":')),
    'another order of members': () => withText(text.replace(/^\{("core":"[^"]*"),("mac":"[^"]*")/, '{$2,$1')),
    'an escaped letter': () => withText(text.replace('"mac"', '"\\u006dac"')),
    'an escaped slash': () => withText(text.replace('"slots":["', '"slots":["\\/')),
    'a lone surrogate as an escape': () => withText(text.replace('"mac":"', '"mac":"\\ud800')),
    'a pair of surrogates as an escape': () => withText(text.replace('"mac":"', '"mac":"\\ud83d\\ude00')),
    'invalid UTF-8': () =>
      withText(Uint8Array.from(Buffer.from(text.replace('"mac"', '"m\xffc"'), 'latin1'))),
    'overlong UTF-8': () =>
      withText(Uint8Array.from(Buffer.from(text.replace('mac', 'm\xc1\xa1c'), 'latin1'))),
    'a surrogate in UTF-8': () =>
      withText(Uint8Array.from(Buffer.from(text.replace('mac', 'm\xed\xa0\x80c'), 'latin1'))),
    'UTF-16': () => withText(Uint8Array.from(Buffer.from(text.slice(0, 1000), 'utf16le'))),
    'nesting, 7 deep': () => withText('[[[[[[[]]]]]]]'),
    'nesting, 1500 deep': () => withText('['.repeat(1500) + ']'.repeat(1500)),
    'nesting, open': () => withText('['.repeat(3000)),
    null: () => withText('null'),
    true: () => withText('true'),
    'a string': () => withText('"core"'),
    'an array': () => withText('[]'),
  });
});

describe('a document of another form', () => {
  isInvalid({
    'an empty object': () => withText('{}'),
    'another member': () => withObject((it) => ({ ...it, other: 'x' })),
    'a member __proto__': () => withText(text.replace('{"core"', '{"__proto__":{},"core"')),
    ...Object.fromEntries(
      ['core', 'mac', 'metadata', 'slots'].flatMap((name) => [
        [
          `no ${name}`,
          () => withObject((it) => Object.fromEntries(Object.entries(it).filter(([key]) => key !== name))),
        ],
        ...[0, 1e15, [], {}, '', 'x', 'A=', '+', ' ', 'é', [[]], [0]].map((value) => [
          `${name} as ${JSON.stringify(value)}`,
          () => withObject((it) => ({ ...it, [name]: value })),
        ]),
      ]),
    ),
    'null as mac': () => withText(text.replace(/"mac":"[^"]*"/, '"mac":null')),
    'a huge number as mac': () => withText(text.replace(/"mac":"[^"]*"/, '"mac":1e400')),
    'a number with a fraction': () => withText(text.replace(/"mac":"[^"]*"/, '"mac":0.5')),
    'minus zero': () => withText(text.replace(/"mac":"[^"]*"/, '"mac":-0')),
    'a MAC of 49 bytes': () =>
      withObject((it) => {
        it.mac = toBase64url(new Uint8Array(49));
      }),
    'metadata of 27 bytes': () =>
      withObject((it) => {
        it.metadata = toBase64url(new Uint8Array(27));
      }),
    '33 slots': () =>
      withObject((it) => {
        it.slots = Array.from({ length: 33 }, () => 'e30');
      }),
    'padded base64url': () =>
      withObject((it) => {
        it.core += '=';
      }),
    'stray bits in base64url': () =>
      withObject((it) => {
        it.slots[0] = straying(it.slots[0]!);
      }),
    'a line break in base64url': () =>
      withObject((it) => {
        it.mac = `${it.mac.slice(0, 8)}\n${it.mac.slice(8)}`;
      }),
  });

  it('metadata of 16,385 bytes, in an area that has room', async () => {
    const large = smallFile(65_536);
    const changed = documentOf(large);
    changed.metadata = toBase64url(new Uint8Array(16_385));
    expect(await outcome(withDocument(large.bytes, encodeDocument(changed), 65_536, 3))).toEqual(INVALID);
  });
});

/** The same bytes with a bit set that no byte has. */
function straying(base64url: string): string {
  const bytes = fromBase64url(base64url)!;
  const unaligned = bytes.length % 3 === 0 ? bytes.slice(0, -1) : bytes;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const clean = toBase64url(unaligned);
  return clean.slice(0, -1) + letters[letters.indexOf(clean.at(-1)!) + 1];
}

describe('a core of another form', () => {
  const context = (value: Json) => () =>
    insideJson('core', (it) => {
      it['context'] = value;
    });
  const entries = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
  isInvalid({
    'not canonical': () => inside('core', (it) => ` ${it}`),
    'an array': () => inside('core', () => '[]'),
    'no members': () => inside('core', () => '{}'),
    'one more member': () =>
      insideJson('core', (it) => {
        it['more'] = 1;
      }),
    'another format': () =>
      insideJson('core', (it) => {
        it['format'] = 'weightseal2';
      }),
    'an id of 17 bytes': () =>
      insideJson('core', (it) => {
        it['id'] = toBase64url(new Uint8Array(17));
      }),
    'no payload': () =>
      insideJson('core', (it) => {
        it['payloads'] = [];
      }),
    'two payloads': () =>
      insideJson('core', (it) => {
        it['payloads'] = [{ name: 'payload' }, { name: 'payload' }];
      }),
    'a payload with more members': () =>
      insideJson('core', (it) => {
        it['payloads'] = [{ name: 'payload', size: 1 }];
      }),
    'a payload that is a string': () =>
      insideJson('core', (it) => {
        it['payloads'] = ['payload'];
      }),
    'a context that is an array': context([]),
    'a context that is a string': context('a'),
    'a number in the context': context({ a: 1 }),
    'an object in the context': context({ a: {} }),
    'an empty name in the context': context({ '': 'x' }),
    'a control character in a name': context({ 'a\u0000': 'x' }),
    'a control character in a value': context({ a: '\u009f' }),
    'a duplicate in the context': () =>
      inside('core', (it) => it.replace('"model":"small"', '"model":"small","model":"small"')),
    '65 entries in the context': context(entries(65)),
    '4097 bytes of context': context({ a: 'x'.repeat(4097 - 8) }),
  });

  it('64 entries, and 4096 bytes, are of the form: there the MAC refuses', async () => {
    const large = smallFile(65_536);
    for (const value of [entries(64), { a: 'x'.repeat(4096 - 8) }]) {
      const changed = documentOf(large);
      const core = JSON.parse(Buffer.from(changed.core, 'base64url').toString()) as Record<string, Json>;
      changed.core = toBase64url(canonicalJson({ ...core, context: value }));
      const bytes = withDocument(large.bytes, encodeDocument(changed), 65_536, 3);
      expect(await outcome(bytes)).toMatchObject({ code: 'ENVELOPE_TAMPERED' });
    }
  });

  it.each([
    ['version 2', 'version', 2],
    ['version 0', 'version', 0],
    ['a version in words', 'version', '1'],
    ['another algorithm', 'algorithm', 'FLOE-AES-128-GCM'],
  ])('%s: UNSUPPORTED_VERSION', async (_name, member, value) => {
    const bytes = insideJson('core', (it) => {
      it[member] = value;
    });
    expect(await outcome(bytes)).toEqual({ code: 'UNSUPPORTED_VERSION', calls: 0 });
  });
});

describe('a slot of another form', () => {
  const limits = { algorithm: 128, key: 2048, provider: 64, version: 1024 };
  const set = (name: string, value: Json) => () =>
    insideJson(1, (it) => {
      it[name] = value;
    });
  isInvalid({
    'not canonical': () => inside(1, (it) => `${it} `),
    'an array': () => inside(1, () => '[]'),
    'one more member': set('more', ''),
    'no provider': set('provider', ''),
    'a key of another provider': set('provider', 'other'),
    ...Object.fromEntries(
      Object.entries(limits).flatMap(([name, limit]) => [
        [`a longer ${name}`, set(name, 'x'.repeat(limit + 1))],
        [`a ${name} that is longer in bytes than in letters`, set(name, 'é'.repeat(limit / 2 + 1))],
        [`a control character in the ${name}`, set(name, 'x\u001f')],
        [`a number as ${name}`, set(name, 1)],
        [
          `no ${name}`,
          () => insideJson(1, (it) => Object.fromEntries(Object.entries(it).filter(([key]) => key !== name))),
        ],
      ]),
    ),
    'an empty wrapped key': set('wrapped', ''),
    'a wrapped key that is not base64url': set('wrapped', 'a+b='),
  });

  it('a wrapped key of 6145 bytes', async () => {
    const large = smallFile(65_536);
    const changed = documentOf(large);
    const slot = JSON.parse(Buffer.from(changed.slots[1]!, 'base64url').toString()) as Record<string, Json>;
    const outcomes = [];
    for (const length of [6144, 6145]) {
      changed.slots[1] = toBase64url(
        canonicalJson({ ...slot, wrapped: toBase64url(new Uint8Array(length)) }),
      );
      outcomes.push((await outcome(withDocument(large.bytes, encodeDocument(changed), 65_536, 3))).code);
    }
    expect(outcomes).toEqual(['ENVELOPE_TAMPERED', 'ENVELOPE_INVALID']);
  });
});

describe('a document of the right form that is not what was sealed: ENVELOPE_TAMPERED', () => {
  const flipIn = (value: string, at: number) => {
    const bytes = fromBase64url(value)!;
    bytes[at]! ^= 1;
    return toBase64url(bytes);
  };
  const cases: Record<string, () => Uint8Array> = {
    'the context': () =>
      insideJson('core', (it) => {
        it['context'] = { model: 'small', version: '2' };
      }),
    'a context that joins to the same text': () =>
      insideJson('core', (it) => {
        it['context'] = { mode: 'lsmall', version: '1' };
      }),
    'the id': () =>
      insideJson('core', (it) => {
        it['id'] = toBase64url(pattern(16, 77));
      }),
    'slots in another order': () => withObject((it) => void it.slots.reverse()),
    'the first slot dropped': () => withObject((it) => void it.slots.shift()),
    'the foreign slot dropped': () => withObject((it) => void it.slots.splice(1, 1)),
    'a slot doubled': () => withObject((it) => void it.slots.push(it.slots[0]!)),
    'a slot added': () => withObject((it) => void it.slots.push(documentOf(smallFile(AREA, 200)).slots[0]!)),
    "another file's slots": () =>
      withObject((it) => {
        it.slots = documentOf(smallFile(AREA, 200)).slots;
      }),
    "a slot's provider, and its key with it": () =>
      insideJson(1, (it) => {
        it['provider'] = 'other';
        it['key'] = 'other:two';
      }),
    "a slot's key": () =>
      insideJson(1, (it) => {
        it['key'] = 'elsewhere:other';
      }),
    "a slot's version": () =>
      insideJson(1, (it) => {
        it['version'] = '';
      }),
    "a slot's algorithm": () =>
      insideJson(1, (it) => {
        it['algorithm'] = 'none';
      }),
    "a slot's wrapped key": () =>
      insideJson(1, (it) => {
        it['wrapped'] = toBase64url(pattern(60));
      }),
    "another file's metadata": () =>
      withObject((it) => {
        it.metadata = documentOf(smallFile(AREA, 200)).metadata;
      }),
    'the generation': () => withDocument(file.bytes, file.document, AREA, 4),
    'an older generation': () => withDocument(file.bytes, file.document, AREA, 2),
    'the highest generation': () => withDocument(file.bytes, file.document, AREA, Number.MAX_SAFE_INTEGER),
  };
  it.each(Object.entries(cases))('%s', async (_name, make) => {
    expect((await outcome(make())).code).toBe('ENVELOPE_TAMPERED');
  });

  it('any byte of the MAC', async () => {
    for (let at = 0; at < 48; at++) {
      const bytes = withObject((it) => {
        it.mac = flipIn(it.mac, at);
      });
      expect((await outcome(bytes)).code).toBe('ENVELOPE_TAMPERED');
    }
  });

  it('any byte of the metadata', async () => {
    for (let at = 0; at < file.metadata.length; at++) {
      const bytes = withObject((it) => {
        it.metadata = flipIn(it.metadata, at);
      });
      expect((await outcome(bytes)).code).toBe('ENVELOPE_TAMPERED');
    }
  });
});

describe('two copies that differ', () => {
  const next = (generation: number, slots = file.slots.slice(0, 1)) => {
    const envelope = authenticateEnvelope(pattern(32, 100), {
      generation,
      core: file.core,
      slots,
      metadata: file.metadata,
    });
    return encodeCopy({ generation, document: encodeEnvelope(envelope) }, AREA);
  };
  const put = (copy: Uint8Array, index: number, into: Uint8Array = file.bytes) => {
    const out = into.slice();
    out.set(copy, COPY_A + index * AREA);
    return out;
  };
  const recipientsOf = async (bytes: Uint8Array) => (await inspect(bufferSource(bytes))).recipients.length;

  it.each([0, 1])('the higher generation is used, also in copy %i', async (index) => {
    expect(await recipientsOf(put(next(4), index))).toBe(1);
    expect(await recipientsOf(put(next(2), index))).toBe(3);
    expect((await outcome(put(next(4), index))).code).toBe('opens');
    expect((await outcome(put(next(2), index))).code).toBe('opens');
    expect(await inspect(bufferSource(put(next(4), index)))).toMatchObject({
      generation: 4,
      copiesEqual: false,
    });
  });

  it('copy A is used when both have the same generation', async () => {
    expect(await recipientsOf(put(next(3), 0))).toBe(1);
    expect(await recipientsOf(put(next(3), 1))).toBe(3);
    expect((await outcome(put(next(3), 1))).code).toBe('opens');
    expect(await inspect(bufferSource(put(next(3), 1)))).toMatchObject({ copiesEqual: false });
  });

  it('a newer copy with a wrong MAC is refused, although the older one is sound', async () => {
    const forged = encodeCopy({ generation: 4, document: file.document }, AREA);
    for (const index of [0, 1]) expect((await outcome(put(forged, index))).code).toBe('ENVELOPE_TAMPERED');
  });

  it('a newer copy with a document of another form is refused, although the older one is sound', async () => {
    const forged = encodeCopy({ generation: 4, document: utf8('{}') }, AREA);
    for (const index of [0, 1]) expect(await outcome(put(forged, index))).toEqual(INVALID);
  });

  it.each([0, 1])(
    'a write of copy %i that was torn anywhere leaves the old envelope or the new one',
    async (index) => {
      const copy = next(4);
      const seen = new Set<number>();
      for (let written = 0; written <= AREA; written += 512) {
        for (const torn of tornAt(copy, file.bytes.subarray(COPY_A, COPY_A + AREA), written)) {
          const bytes = put(torn, index);
          expect((await outcome(bytes)).code).toBe('opens');
          seen.add(await recipientsOf(bytes));
        }
      }
      expect(seen).toEqual(new Set([1, 3]));
    },
  );

  it.each([0, 1])('and a rewrap of the file mends copy %i', async (index) => {
    const path = temp.path();
    const torn = tornAt(next(4), file.bytes.subarray(COPY_A, COPY_A + AREA), 512)[0]!;
    await writeFile(path, put(torn, index));
    const one = new MemoryKey('one');
    expect(await rewrap(path, { keys: [one], remove: ['elsewhere:two'] })).toMatchObject({ generation: 4 });
    expect(await inspect(path)).toMatchObject({ copiesEqual: true, generation: 4 });
    const after = await readFile(path);
    expect(Buffer.compare(after.subarray(file.payloadOffset), file.bytes.subarray(file.payloadOffset))).toBe(
      0,
    );
  });
});

/** A write of which only the first bytes, or all but those, arrived. */
function tornAt(copy: Uint8Array, before: Uint8Array, written: number): Uint8Array[] {
  const start = before.slice();
  start.set(copy.subarray(0, written));
  const end = before.slice();
  end.set(copy.subarray(written), written);
  return [start, end];
}
