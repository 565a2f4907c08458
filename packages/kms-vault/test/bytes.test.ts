import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plaintextOf } from '../src/answer.js';
import { decodeBase64, encodeBase64 } from '../src/base64.js';
import { checkedName } from '../src/key-name.js';

const ascii = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytes = fc.uint8Array({ maxLength: 100 });

describe('base64 from bytes to bytes', () => {
  it('is what Node makes of it', () => {
    fc.assert(
      fc.property(bytes, (one) => {
        const text = encodeBase64(one);
        expect(ascii(text)).toBe(Buffer.from(one).toString('base64'));
        expect(decodeBase64(text)).toEqual(one);
      }),
    );
  });

  it('takes no other spelling', () => {
    const alphabet = [...'ABCabc019+/=-_ \n\u0000\u00ff'];
    const texts = fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }).map((all) => all.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const canonical = Buffer.from(text, 'base64').toString('base64') === text;
        expect(decodeBase64(Buffer.from(text, 'latin1')) !== undefined).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the plaintext of an answer', () => {
  const key = checkedName({ address: 'https://vault.example.com', name: 'models' }, 'INVALID_ARGUMENT');

  it('is gone from the answer before that becomes a string', () => {
    const secret = Buffer.from('0123456789abcdef0123456789abcdef');
    const answer = Buffer.from(JSON.stringify({ data: { plaintext: secret.toString('base64') } }));
    expect(ascii(plaintextOf(answer, key))).toBe(ascii(secret));
    expect(ascii(answer)).toBe(`{"data":{"plaintext":"${'x'.repeat(44)}"}}`);
  });

  it.each([
    '',
    '{',
    '"plaintext"',
    '"plaintext":',
    '{"data":{"plaintext":"AAAA',
    '{"data":{"plaintext":"AAAA"}',
    '{"data":{"plaintext":["AAAA"]}}',
    '{"plaintext":"AAAA","data":{"plaintext":"AAAA"}}',
    '{"plaintext":"AAAA","data":{}}',
    '{"data":{"plaintext":"AA\\u0041A"}}',
  ])('of %j is refused', (text) => {
    expect(() => plaintextOf(Buffer.from(text), key)).toThrow(
      expect.objectContaining({ code: 'KEY_RESPONSE_INVALID' }),
    );
  });
});
