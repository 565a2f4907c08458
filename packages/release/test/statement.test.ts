import { isWeightsealError } from '@weightseal/core';
import { MODEL_PREDICATE, parseStatement, statementOf } from '@weightseal/release';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refused } from './support/refused.ts';
import { changed, digestOf, FILES, set, statement, unset, withFiles } from './support/statements.ts';

const file = (name: unknown, rest: object = {}) => ({
  name,
  algorithm: 'sha256',
  digest: digestOf('x'),
  ...rest,
});
const parse = (bytes: Uint8Array) => () => parseStatement(bytes);
const text = (json: string) => parse(Buffer.from(json));

describe('a statement about the files of a model', () => {
  it('is JSON, byte for byte this', () => {
    const one = statementOf([{ name: 'a', digest: digestOf('a') }], { name: 'm', ignorePaths: ['b', 'a/c'] });
    expect(Buffer.from(one).toString()).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"${digestOf(Buffer.from(digestOf('a'), 'hex'))}"}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":["a/c","b"]},"resources":[{"name":"a","algorithm":"sha256","digest":"${digestOf('a')}"}]}}`,
    );
  });

  it('says what it was made of', () => {
    const { subject, predicateType, resources, ignorePaths, allowSymlinks } = parseStatement(statement());
    expect({ subject: subject.name, predicateType, ignorePaths, allowSymlinks }).toEqual({
      subject: 'model',
      predicateType: MODEL_PREDICATE,
      ignorePaths: ['.git', '.gitattributes', '.github', '.gitignore'],
      allowSymlinks: false,
    });
    expect(resources).toEqual(FILES);
  });

  it('is the same in whichever order the files come, which is by the bytes of their names', () => {
    const names = ['b', 'a/b', 'a-b', '\u{10000}', '\uffee', 'a'];
    const files = names.map((name) => ({ name, digest: digestOf(name) }));
    const made = statementOf(files, { name: 'm' });
    expect(statementOf(files.toReversed(), { name: 'm' })).toEqual(made);
    expect(parseStatement(made).resources.map(({ name }) => name)).toEqual(
      names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
  });

  it('of any names and digests is read as it was written', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ minLength: 32, maxLength: 32 })), {
      selector: ([one]) => one,
    });
    fc.assert(
      fc.property(files, fc.boolean(), (pairs, allowSymlinks) => {
        const given = pairs.map(([one, digest]) => ({
          name: one,
          digest: Buffer.from(digest).toString('hex'),
        }));
        let made: Uint8Array;
        try {
          made = statementOf(given, { name: 'm', allowSymlinks });
        } catch (error) {
          // Names that no bundle can have.
          expect(isWeightsealError(error) && error.code).toBe('PATH_INVALID');
          return;
        }
        const read = parseStatement(made);
        expect(new Map(read.resources.map((one) => [one.name, one.digest]))).toEqual(
          new Map(given.map((one) => [one.name, one.digest])),
        );
        expect(read.allowSymlinks).toBe(allowSymlinks);
      }),
    );
  });

  it('is made of sound names and digests only', async () => {
    await refused(() => statementOf([{ name: '../a', digest: digestOf('') }], { name: 'm' }), 'PATH_INVALID');
    await refused(() => statementOf([{ name: 'a', digest: 'AB' }], { name: 'm' }), 'INVALID_ARGUMENT');
    await refused(() => statementOf([], { name: 'm', ignorePaths: ['/a'] }), 'PATH_INVALID');
  });

  it('takes what is not known for what it is: no matter', () => {
    const more = changed((document) => {
      document['annotations'] = {};
      (document['predicate'] as Record<string, unknown>)['card'] = { a: 1 };
    });
    expect(parseStatement(more).resources).toEqual(FILES);
  });
});

describe('a statement is refused', () => {
  it.each([
    ['absolute', '/etc/passwd'],
    ['climbs', '../up'],
    ['climbs in its middle', 'a/../../up'],
    ['is the directory', '.'],
    ['has a backslash', 'a\\b'],
    ['is empty', ''],
    ['ends with a slash', 'a/'],
    ['has an empty name', 'a//b'],
    ['holds a control character', 'a\u0000b'],
    ['holds a line feed', 'a\nb'],
    ['turns the direction of writing', 'a\u202egnp.exe'],
    ['is no Unicode', 'a\ud800'],
    ['is too long', `${'a/'.repeat(2000)}a`],
  ])('when a name %s', async (_, name) => {
    await refused(parse(withFiles([file(name)])), 'SIGNATURE_INVALID', /path of a model|longer/);
    const ignored = changed((document) => {
      const { serialization } = document['predicate'] as { serialization: Record<string, unknown> };
      serialization['ignore_paths'] = [name];
    });
    await refused(parse(ignored), 'SIGNATURE_INVALID', /passed over/);
  });

  it.each([
    ['is there twice', 'a', 'a'],
    ['differs only in case', 'Model.bin', 'model.bin'],
    ['differs only in how letters are composed', 'caf\u00e9', 'cafe\u0301'],
  ])('when a name %s', async (_, one, other) => {
    await refused(parse(withFiles([file(one), file(other)])), 'SIGNATURE_INVALID', /twice|differs/);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no digest', withFiles([file('a', { digest: undefined })]), /digits/],
    ['a digest in capitals', withFiles([file('a', { digest: digestOf('x').toUpperCase() })]), /digits/],
    ['a short digest', withFiles([file('a', { digest: 'ab' })]), /digits/],
    ['a name that is none', withFiles([file(1)]), /no text/],
    ['BLAKE3', withFiles([file('a', { algorithm: 'blake3' })]), /SHA-256/],
    ['a file that is none', withFiles(['a']), /no object/],
  ])('when a file has %s', async (_, bytes, said) => refused(parse(bytes), 'SIGNATURE_INVALID', said));

  const of = (where: 'serialization' | 'predicate', change: (it: Record<string, unknown>) => void) =>
    changed((document) => {
      const predicate = document['predicate'] as Record<string, Record<string, unknown>>;
      change(where === 'predicate' ? predicate : predicate['serialization']!);
    });
  it.each<[string, Uint8Array, RegExp]>([
    ['another type', changed(set('_type', 'x')), /another type/],
    ['another predicate', changed(set('predicateType', 'x')), /something else than a model/],
    ['no predicate', changed(unset('predicate')), /predicate is no object/],
    ['no subject', changed(set('subject', [])), /no subject/],
    ['two subjects', changed(set('subject', [1, 2])), /2 entries/],
    ['a subject of no digest', changed(set('subject', [{ name: 'm', digest: {} }])), /digits/],
    [
      'a digest that is not the one over its files',
      changed(set('subject', [{ name: 'm', digest: { sha256: digestOf('') } }])),
      /contradicts itself/,
    ],
    ['no list of files', of('predicate', unset('resources')), /no list/],
    ['no serialization', of('predicate', unset('serialization')), /serialization is no object/],
    ['shards', of('serialization', set('method', 'shards')), /shards/],
    ['a method of its own', of('serialization', set('method', 'x')), /whole files/],
    ['another hash', of('serialization', set('hash_type', 'blake2b')), /SHA-256/],
    ['nothing about links', of('serialization', unset('allow_symlinks')), /links/],
    ['a text about links', of('serialization', set('allow_symlinks', 'false')), /links/],
  ])('when it has %s', async (_, bytes, said) => refused(parse(bytes), 'SIGNATURE_INVALID', said));

  const sound = () => Buffer.from(statement()).toString();
  it.each<[string, string, RegExp]>([
    ['nothing', '', /no JSON/],
    ['a list', '[]', /no object/],
    ['null', 'null', /no object/],
    ['deep', `${'['.repeat(1e6)}`, /no JSON/],
    ['in a string that does not end', '{"_type\\"', /no JSON/],
    ['deep, and whole', `${'['.repeat(2e5)}${']'.repeat(2e5)}`, /no JSON|no object/],
    ['two types', sound().replace('{', '{"_type":"x",'), /twice/],
    ['two types, one of them escaped', sound().replace('{', '{"\\u005ftype" : "x",'), /twice/],
    ['two digests', sound().replace(/("digest":"[^"]*")}/, '$1,"digest":"00"}'), /twice/],
    ['a BOM', `\ufeff${sound()}`, /no JSON/],
    ['a second document', `${sound()}{}`, /no JSON/],
    ['a prototype', sound().replace('"_type"', '"__proto__":{"a":1},"__proto__"'), /twice/],
  ])('when it is %s', async (_, json, said) => refused(text(json), 'SIGNATURE_INVALID', said));

  it('when it is no UTF-8', () =>
    refused(parse(Buffer.from([0x22, 0xff, 0x22])), 'SIGNATURE_INVALID', /UTF-8/));

  it('and nothing else when any of its bytes is changed, or is the last', () => {
    const bytes = statement();
    const attempts = [...bytes.keys()].flatMap((at) => {
      const one = Buffer.from(bytes);
      one[at]! ^= 1 << (at % 8);
      return [one, bytes.subarray(0, at)];
    });
    for (const attempt of attempts)
      try {
        // Names of what is not known may change, and other names of files are other statements: the signature says which it is.
        expect(parseStatement(attempt)).toBeTruthy();
      } catch (error) {
        expect(isWeightsealError(error) && error.code).toBe('SIGNATURE_INVALID');
      }
  });

  it('whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (bytes) => {
          expect(() => parseStatement(bytes)).toThrowError(
            expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
          );
        },
      ),
    );
  });
});

it('escaped quotes, and colons in texts, are no names', () => {
  for (const name of ['a":"b', '\\"', 'x:\\', '":', '\\\\":']) {
    const bytes = changed((it) => {
      Object.assign((it['subject'] as object[])[0]!, { [name]: name });
    });
    expect(parseStatement(bytes).resources).toEqual(FILES);
  }
});
