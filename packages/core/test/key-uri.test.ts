import { isWeightsealError, splitKeyUri } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const split = (uri: string) => splitKeyUri(uri, 'test-kms', ['region', 'tls']);

describe('a key URI', () => {
  it('is taken apart as it is written', () => {
    expect(split('test-kms://arn:x:y/z%20')).toEqual({ body: 'arn:x:y/z%20', parameters: {} });
    expect(split('test-kms://k?region=eu-1&tls=off')).toEqual({
      body: 'k',
      parameters: { region: 'eu-1', tls: 'off' },
    });
  });

  for (const [what, uri] of Object.entries({
    'of another scheme': 'other://k',
    'without slashes': 'test-kms:k',
    'that names no key': 'test-kms://',
    'that names no key but a parameter': 'test-kms://?region=a',
    'with a user and a password': 'test-kms://user:pw@host/k',
    'with a fragment': 'test-kms://k#part',
    'with a blank': 'test-kms://k k',
    'with a line break': 'test-kms://k\n',
    'with characters beyond ASCII': 'test-kms://schlüssel',
    'with a parameter that nobody knows': 'test-kms://k?token=s3cr3t',
    'with a parameter twice': 'test-kms://k?region=a&region=b',
    'with a parameter without a value': 'test-kms://k?region=',
    'with a parameter without =': 'test-kms://k?region',
    'with an empty query': 'test-kms://k?',
    'with two questions': 'test-kms://k?region=a?tls=off',
    "with a parameter of JavaScript's objects": 'test-kms://k?__proto__=x',
  })) {
    it(`${what} is refused, without being repeated`, () => {
      try {
        split(uri);
      } catch (error) {
        if (!isWeightsealError(error)) throw error;
        expect(error.code).toBe('KEY_URI_INVALID');
        expect(error.message).not.toMatch(/s3cr3t|pw@|schlüssel/);
        return;
      }
      expect.unreachable('it was accepted');
    });
  }

  it('never fails in another way', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const uri of [text, `test-kms://${text}`]) {
          try {
            const { body } = split(uri);
            expect(uri.startsWith(`test-kms://${body}`)).toBe(true);
          } catch (error) {
            if (!isWeightsealError(error) || error.code !== 'KEY_URI_INVALID') throw error;
          }
        }
      }),
    );
  });
});
