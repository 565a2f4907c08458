import { etagOf, evaluate, pathOf, rangeHolds, rangeOf, reprDigestOf } from '@weightseal/serve';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('a range', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 1 }],
    ['bytes=0-9', 10, { start: 0, end: 10 }],
    ['bytes=5-', 10, { start: 5, end: 10 }],
    ['bytes=5-99999999999999999999', 10, { start: 5, end: 10 }],
    ['BYTES=5-6', 10, { start: 5, end: 7 }],
    ['bytes=-3', 10, { start: 7, end: 10 }],
    ['bytes=-30', 10, { start: 0, end: 10 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
    [`bytes=${'9'.repeat(400)}-`, 10, 'unsatisfiable'],
    ['bytes=0-99999999999999999999999', 10, { start: 0, end: 10 }],
    [`bytes=-${'9'.repeat(400)}`, 10, { start: 0, end: 10 }],
    ['bytes=99999999999999999999999-99999999999999999999998', 10, undefined],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['bytes=6-5', 10, undefined],
    ['bytes=0-1,3-4', 10, undefined],
    ['bytes=', 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=a-b', 10, undefined],
    ['bytes=+1-2', 10, undefined],
    ['bytes 0-1', 10, undefined],
    ['items=0-1', 10, undefined],
    [undefined, 10, undefined],
  ] as const)('%s of %i bytes', (header, size, expected) => {
    expect(rangeOf(header, size)).toEqual(expected);
  });

  it('is within the file, whatever is asked', () => {
    const asked = fc.oneof(
      fc.string(),
      fc.tuple(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n })).map(([a, b]) => `bytes=${a}-${b}`),
      fc.bigInt({ min: 0n }).map((a) => `bytes=${a}-`),
      fc.bigInt({ min: 0n }).map((a) => `bytes=-${a}`),
      fc.tuple(fc.nat(200), fc.nat(200)).map(([a, b]) => `bytes=${a}-${b}`),
    );
    fc.assert(
      fc.property(asked, fc.nat(150), (header, size) => {
        const range = rangeOf(header, size);
        if (typeof range !== 'object') return true;
        const { start, end } = range;
        return (
          Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start < end && end <= size
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('has the bytes that RFC 9110 says, of each that is whole', () => {
    const bytes = Buffer.from(Array.from({ length: 40 }, (_, at) => at));
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (first, last) => {
        const range = rangeOf(`bytes=${first}-${last}`, bytes.length);
        const expected = [...bytes].filter((at) => at >= first && at <= last);
        if (first > last) return range === undefined;
        if (expected.length === 0) return range === 'unsatisfiable';
        return (
          typeof range === 'object' && bytes.subarray(range.start, range.end).equals(Buffer.from(expected))
        );
      }),
    );
  });
});

const etag = etagOf('ab'.repeat(32));
const modified = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const now = Date.UTC(2026, 5, 1);
const at = (seconds: number) => new Date(modified + seconds * 1000).toUTCString();
const current = { etag, modified, now };

describe('a condition', () => {
  it.each([
    ['none', {}, 'go on'],
    ['If-Match: *', { 'if-match': '*' }, 'go on'],
    ['If-Match, the same', { 'if-match': etag }, 'go on'],
    ['If-Match, among others', { 'if-match': `"a", ${etag} ,"b"` }, 'go on'],
    ['If-Match, another', { 'if-match': '"a"' }, 'failed'],
    ['If-Match, weak', { 'if-match': `W/${etag}` }, 'failed'],
    ['If-Match, no tag', { 'if-match': etag.slice(1) }, 'failed'],
    ['If-Match before If-Unmodified-Since', { 'if-match': etag, 'if-unmodified-since': at(-60) }, 'go on'],
    ['If-Unmodified-Since, the same', { 'if-unmodified-since': at(0) }, 'go on'],
    ['If-Unmodified-Since, before', { 'if-unmodified-since': at(-1) }, 'failed'],
    ['If-Unmodified-Since, no time', { 'if-unmodified-since': 'yesterday' }, 'go on'],
    ['If-None-Match, the same', { 'if-none-match': etag }, 'not modified'],
    ['If-None-Match, weak', { 'if-none-match': `W/${etag}` }, 'not modified'],
    ['If-None-Match: *', { 'if-none-match': '*' }, 'not modified'],
    ['If-None-Match, among nothing', { 'if-none-match': `,, "a" ,,${etag},` }, 'not modified'],
    ['If-None-Match, another', { 'if-none-match': '"a"' }, 'go on'],
    [
      'If-None-Match before If-Modified-Since',
      { 'if-none-match': '"a"', 'if-modified-since': at(60) },
      'go on',
    ],
    ['If-Modified-Since, the same', { 'if-modified-since': at(0) }, 'not modified'],
    ['If-Modified-Since, before', { 'if-modified-since': at(-1) }, 'go on'],
    [
      'If-Modified-Since, of RFC 850',
      { 'if-modified-since': 'Friday, 02-Jan-26 03:04:05 GMT' },
      'not modified',
    ],
    ['If-Modified-Since, of asctime', { 'if-modified-since': 'Fri Jan  2 03:04:05 2026' }, 'not modified'],
    [
      'If-Modified-Since, a day that is none',
      { 'if-modified-since': 'Fri, 31 Feb 2026 03:04:05 GMT' },
      'go on',
    ],
    ['If-Match that fails before all else', { 'if-match': '"a"', 'if-none-match': etag }, 'failed'],
  ] as const)('%s', (_, asked, expected) => {
    expect(evaluate(asked, current)).toBe(expected);
  });

  it.each([
    ['none', {}, true],
    ['the same tag', { 'if-range': etag }, true],
    ['a weak tag', { 'if-range': `W/${etag}` }, false],
    ['another tag', { 'if-range': '"a"' }, false],
    ['two tags', { 'if-range': `${etag}, ${etag}` }, false],
    ['its time', { 'if-range': at(0) }, true],
    ['a later time', { 'if-range': at(60) }, false],
    ['no time', { 'if-range': 'now' }, false],
  ] as const)('If-Range, %s', (_, asked, expected) => {
    expect(rangeHolds(asked, current)).toBe(expected);
  });

  it('of a time says nothing of a file that was written this second, or whose time nobody knows', () => {
    const young = { etag, modified, now: modified + 300 };
    expect(rangeHolds({ 'if-range': at(0) }, young)).toBe(false);
    expect(rangeHolds({ 'if-range': at(0) }, { etag, now })).toBe(false);
    expect(evaluate({ 'if-modified-since': at(0) }, { etag, now })).toBe('go on');
  });
});

describe('a path', () => {
  it.each([
    ['/', ''],
    ['/?x=y', ''],
    ['/llama/3.1/model.weightseal', 'llama/3.1/model.weightseal'],
    ['/a%20b', 'a b'],
    ['/%C3%A9', 'é'],
    ['/a?b', 'a'],
    ['/%2525', '%25'],
    ['/...', '...'],
    ['https://somebody:secret@host:8443/a/b?c', 'a/b'],
    ['HTTP://host', ''],
    ['http://host?query', ''],
  ])('%s', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });

  it.each([
    '',
    '*',
    'a',
    'ftp://host/a',
    'https://host/../a',
    '//a',
    '/a//b',
    '/a/',
    '/.',
    '/..',
    '/a/../b',
    '/a/%2e%2e/b',
    '/%2e',
    '/a%2fb',
    '/a%5cb',
    '/a\\b',
    '/a%00',
    '/a%0a',
    '/%ff',
    '/%c0%ae%c0%ae',
    '/%',
    '/%zz',
    `/${'a/'.repeat(65)}a`,
    `/${'a'.repeat(256)}`,
  ])('%s names nothing', (target) => {
    expect(pathOf(target)).toBe(undefined);
  });

  it('never leads out of the root, whatever is asked', () => {
    const parts = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      '%00',
      'a',
      '%',
      '%25',
      '?',
      '#',
    );
    fc.assert(
      fc.property(fc.array(parts), (words) => {
        const path = pathOf(`/${words.join('')}`);
        if (path === undefined || path === '') return true;
        return path
          .split('/')
          .every((name) => name !== '' && name !== '.' && name !== '..' && !/[\\\0]/.test(name));
      }),
      { numRuns: 2000 },
    );
  });
});

it('a digest is an ETag and a Repr-Digest', () => {
  const sha256 = '00'.repeat(31).concat('ff');
  expect(etagOf(sha256)).toBe(`"sha256-${sha256}"`);
  expect(reprDigestOf(sha256)).toBe('sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=:');
});
