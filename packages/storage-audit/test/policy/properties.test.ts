import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, patternOf } from '../../src/s3/policy/pattern.js';
import { publicGrants } from '../../src/s3/policy/public.js';
import { certainly, someKey } from '../../src/s3/policy/some-key.js';
import { ofPlainHttp, ofS3Keys } from '../../src/s3/policy/uploads.js';
import { ALGORITHM, allow, BUCKET, deny, type Members, policy } from './statements.js';

const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 8 });
const which = fc.record({ not: fc.boolean(), patterns: fc.array(glob, { minLength: 1, maxLength: 3 }) });

/** By somebody else's engine. */
const asRegExp = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`, 'u');

const short = ['a', 'b', 'c'].flatMap((x) => [
  x,
  ...['a', 'b', 'c'].flatMap((y) => [x + y, ...['a', 'b', 'c'].map((z) => x + y + z)]),
]);

describe('a pattern', () => {
  it('has what a regular expression of it has', () => {
    fc.assert(
      fc.property(glob, name, (pattern, one) => {
        expect(matches(patternOf(pattern), one)).toBe(asRegExp(pattern).test(one));
      }),
    );
  });

  it('takes characters beyond the first plane for one, and its escapes as they are', () => {
    expect(matches(patternOf('?'), '😀')).toBe(true);
    expect(matches(patternOf(`a\${*}`), 'a*')).toBe(true);
    expect(matches(patternOf(`a\${*}`), 'ab')).toBe(false);
    expect(patternOf(`\${aws:username}`).known).toBe(false);
  });
});

describe('a key of which patterns say what is wanted', () => {
  const has = ({ not, patterns }: { not: boolean; patterns: readonly string[] }, key: string) =>
    patterns.some((one) => asRegExp(one).test(key)) !== not;

  it('is found wherever there is one, and is one', () => {
    fc.assert(
      fc.property(which, which, fc.tuple(fc.boolean(), fc.boolean()), (one, other, [first, second]) => {
        const is = (found: readonly boolean[]) => found[0] === first && found[1] === second;
        const key = someKey('', [certainly(one), certainly(other)], is);
        if (key !== undefined) expect([has(one, key), has(other, key)]).toEqual([first, second]);
        else
          for (const candidate of short) expect(is([has(one, candidate), has(other, candidate)])).toBe(false);
      }),
    );
  });

  it('is given up where the patterns were made to have no end of states', () => {
    const evil = Array.from({ length: 12 }, (_, index) => `*a${'?'.repeat(index + 8)}b`);
    expect(() => someKey('', [certainly({ not: false, patterns: evil })], () => false)).toThrow(
      expect.objectContaining({ code: 'STORE_UNSUPPORTED' }),
    );
  });
});

/** Few, so that they often leave nothing out together. */
const resource = fc
  .oneof(fc.constantFrom('*', 'a*', 'b*', '?', '??*', '?*'), glob)
  .map((one) => `${BUCKET}/${one}`);
const condition = fc.constantFrom<Record<string, Record<string, string>>>(
  {},
  { StringNotEquals: { [ALGORITHM]: 'aws:kms' } },
  { StringEquals: { [ALGORITHM]: 'AES256' } },
  { StringEquals: { [ALGORITHM]: 'aws:kms' } },
  { Bool: { 'aws:SecureTransport': 'false' } },
  { StringEquals: { 'aws:PrincipalOrgID': 'o-ours' } },
);
const who = fc.constantFrom<object>(
  { Principal: '*' },
  { Principal: { AWS: '111122223333' } },
  { Principal: undefined, NotPrincipal: { AWS: '111122223333' } },
);
const statement = fc
  .record({
    names: fc.array(resource, { minLength: 1, maxLength: 2 }),
    not: fc.boolean(),
    condition,
    who,
    action: fc.constantFrom('s3:PutObject', 's3:*', 's3:Get*'),
  })
  .map(({ condition: told, who: principal, action, names, not }) =>
    deny(told, { [not ? 'NotResource' : 'Resource']: names, Action: action, ...principal }),
  );
const statements = fc.array(statement, { minLength: 1, maxLength: 4 });

/** One request for AES256 over TLS, by somebody who is in no organisation; said anew, for the statements above alone. */
function isDenied(one: Members, key: string, inAccount: boolean): boolean {
  const told = JSON.stringify(one['Condition'] ?? {});
  const names = (one['Resource'] ?? one['NotResource']) as string[];
  return (
    (one['Principal'] === '*' || (one['NotPrincipal'] === undefined) === inAccount) &&
    one['Action'] !== 's3:Get*' &&
    (told === '{}' || told.includes('StringNotEquals') || told.includes('AES256')) &&
    names.some((pattern) => asRegExp(pattern).test(`${BUCKET}/${key}`)) === (one['NotResource'] === undefined)
  );
}

const RANK = ['never', 'partly', 'always'];

describe('a policy', () => {
  it('refuses always what is refused to everybody for each key, asked one by one', () => {
    fc.assert(
      fc.property(statements, (given) => {
        const { extent, through = '' } = ofS3Keys(policy(...given), BUCKET);
        const [told] = /"(?:[^"\\]|\\.)*"$/.exec(through) ?? [];
        const keys = [...short, ...(told === undefined ? [] : [JSON.parse(told) as string])];
        const open = keys.some((key) =>
          [true, false].some((inAccount) => !given.some((one) => isDenied(one, key, inAccount))),
        );
        expect(extent === 'always').toBe(!open);
      }),
      { numRuns: 400 },
    );
  });

  it('refuses no less by one more Deny, and neither by an Allow', () => {
    fc.assert(
      fc.property(statements, statement, (given, more) => {
        for (const ask of [ofS3Keys, ofPlainHttp]) {
          const before = RANK.indexOf(ask(policy(...given), BUCKET).extent);
          expect(RANK.indexOf(ask(policy(...given, more), BUCKET).extent)).toBeGreaterThanOrEqual(before);
          expect(RANK.indexOf(ask(policy(...given, allow()), BUCKET).extent)).toBe(before);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('grants no more by one more Deny', () => {
    fc.assert(
      fc.property(statements, statement, (given, more) => {
        const all = allow({ Action: 's3:*', Resource: '*' });
        const before = publicGrants(policy(all, ...given), BUCKET).map(({ action }) => action);
        const after = publicGrants(policy(all, ...given, more), BUCKET).map(({ action }) => action);
        expect(before).toEqual(expect.arrayContaining(after));
      }),
      { numRuns: 50 },
    );
  });
});
