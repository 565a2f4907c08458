import { isWeightsealError } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/s3/policy/parse.js';
import { BUCKET, deny } from './statements.js';

const text = (policy: unknown) => JSON.stringify(policy);
const of = (statement: object) => text({ Version: '2012-10-17', Statement: [statement] });

describe('a policy', () => {
  it('is read, one statement or several', () => {
    const one = parsePolicy(text({ Statement: deny({ Bool: { 'aws:SecureTransport': [false, 'FALSE'] } }) }));
    expect(one.statements).toEqual([
      {
        sid: undefined,
        effect: 'Deny',
        who: { not: false, everyone: true, named: [] },
        actions: { not: false, patterns: ['s3:PutObject'] },
        resources: { not: false, patterns: [`${BUCKET}/*`] },
        conditions: [{ operator: 'Bool', key: 'aws:securetransport', values: ['false', 'FALSE'] }],
      },
    ]);
    expect(parsePolicy(text({ Id: 'x', Version: '2008-10-17', Statement: [] })).statements).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['without statements', '{}'],
    ['of another version', text({ Version: '2020-01-01', Statement: [] })],
    ['with another member', text({ Statement: [], Statements: [] })],
    ['with a member twice', '{"Statement":[],"Statement":[]}'],
    ['with a member twice, by its escape', '{"Statement":[],"\\u0053tatement":[]}'],
    [
      'with a condition twice',
      `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"a":"1","a":"2"}}}]}`,
    ],
    ['with a statement that is none', text({ Statement: ['Deny'] })],
    ['with another effect', of({ ...deny(), Effect: 'deny' })],
    ['with a misspelt element', of({ ...deny(), Conditions: {} })],
    ['without a principal', of({ ...deny(), Principal: undefined })],
    ['with both principals', of({ ...deny(), NotPrincipal: '*' })],
    ['without an action', of({ ...deny(), Action: undefined })],
    ['with both resources', of({ ...deny(), NotResource: '*' })],
    ['with a principal of text', of({ ...deny(), Principal: '111122223333' })],
    ['with a principal of another kind', of({ ...deny(), Principal: { Aws: '*' } })],
    ['with an action that is no text', of({ ...deny(), Action: [{}] })],
    ['with conditions in a list', of({ ...deny(), Condition: [] })],
    ['that is too long', `{"Statement":[]${' '.repeat(70_000)}}`],
  ])('%s is not understood', (_, given) => {
    expect(() => parsePolicy(given)).toThrow(expect.objectContaining({ code: 'STORE_RESPONSE_INVALID' }));
  });

  it('knows the same name in other objects, and what looks like a name in a text', () => {
    const statement = { ...deny(), Sid: '{"Sid":"Sid","Sid":1}' };
    expect(parsePolicy(text({ Statement: [statement, statement] })).statements).toHaveLength(2);
  });

  it('is read or refused, whatever it is', () => {
    const some = fc.oneof(fc.string(), fc.json(), fc.record({ Statement: fc.jsonValue() }).map(text));
    fc.assert(
      fc.property(some, (given) => {
        try {
          parsePolicy(given);
        } catch (error) {
          expect(isWeightsealError(error)).toBe(true);
        }
      }),
    );
  });
});
