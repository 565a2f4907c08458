import { parseSpiffeId, patternOf } from '@weightseal/transit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refused } from './support/refused.ts';

const letters = (allowed: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...allowed), minLength: 1, maxLength });
const domain = letters('abz019.-_', 12);
const segment = letters('abzABZ019.-_', 8).filter((one) => one !== '.' && one !== '..');
const path = fc.array(segment, { minLength: 1, maxLength: 4 });
const label = letters('abz019', 6);
const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));

const uri = (one: string) => ({ uris: [one], dnsNames: [] });
const dns = (one: string) => ({ uris: [], dnsNames: [one] });

describe('a SPIFFE ID', () => {
  it('is taken apart, and put together it is the same', () => {
    fc.assert(
      fc.property(domain, path, (trustDomain, segments) => {
        const id = `spiffe://${trustDomain}/${segments.join('/')}`;
        expect(parseSpiffeId(id)).toEqual({ trustDomain, path: `/${segments.join('/')}` });
        expect(parseSpiffeId(`spiffe://${trustDomain}`)).toEqual({ trustDomain, path: '' });
      }),
    );
  });

  it.each([
    ['SPIFFE://prod/a', 'in lower case'],
    ['https://prod/a', 'must begin'],
    ['spiffe:prod/a', 'must begin'],
    ['spiffe://', 'no trust domain'],
    ['spiffe:///a', 'no trust domain'],
    ['spiffe://Prod/a', 'its trust domain may'],
    ['spiffe://prod:443/a', 'its trust domain may'],
    ['spiffe://me@prod/a', 'its trust domain may'],
    ['spiffe://pr%6fd/a', 'its trust domain may'],
    ['spiffe://prod?a', 'its trust domain may'],
    ['spiffe://prod/', 'empty segment'],
    ['spiffe://prod/a/', 'empty segment'],
    ['spiffe://prod//a', 'empty segment'],
    ['spiffe://prod/../a', 'a . or ..'],
    ['spiffe://prod/./a', 'a . or ..'],
    ['spiffe://prod/a?b', 'its path may'],
    ['spiffe://prod/a#b', 'its path may'],
    ['spiffe://prod/%61', 'its path may'],
    ['spiffe://prod/é', 'its path may'],
    ['spiffe://prod/a\n', 'its path may'],
    [`spiffe://prod/${'a'.repeat(2048)}`, 'longer than 2048'],
    [`spiffe://${'a'.repeat(256)}/a`, 'longer than 255'],
  ])('%s is none', async (text, why) => {
    await refused(() => parseSpiffeId(text), 'INVALID_ARGUMENT', why);
  });
});

describe('a pattern', () => {
  it('of a whole SPIFFE ID means that one, and no other', () => {
    fc.assert(
      fc.property(domain, path, domain, path, (one, its, other, others) => {
        const [a, b] = [`spiffe://${one}/${its.join('/')}`, `spiffe://${other}/${others.join('/')}`];
        expect(patternOf(a)(uri(a))).toBe(a);
        expect(patternOf(a)(uri(b))).toBe(a === b ? b : undefined);
      }),
    );
  });

  it('with * means one segment, with ** any number, and never another trust domain', () => {
    fc.assert(
      fc.property(domain, path, segment, (trustDomain, segments, last) => {
        const [start, end] = [`spiffe://${trustDomain}/${segments.join('/')}`, `/${last}`];
        expect(patternOf(`${start}/*`)(uri(start + end))).toBe(start + end);
        expect(patternOf(`${start}/*`)(uri(start + end + end))).toBeUndefined();
        expect(patternOf(`${start}/**`)(uri(start + end + end))).toBe(start + end + end);
        expect(patternOf(`spiffe://${trustDomain}/**`)(uri(start))).toBe(start);
        expect(patternOf(`spiffe://x${trustDomain}/**`)(uri(start))).toBeUndefined();
        expect(
          patternOf(`spiffe://${trustDomain}/**`)(uri(`spiffe://${trustDomain}.x/${last}`)),
        ).toBeUndefined();
        expect(patternOf(`${start}/*`)(uri(`${start}/`))).toBeUndefined();
      }),
    );
  });

  it('of a DNS name takes no regard of letters, and * is one label', () => {
    fc.assert(
      fc.property(host, label, (name, first) => {
        expect(patternOf(`dns:${name}`)(dns(name.toUpperCase()))).toBe(name.toUpperCase());
        expect(patternOf(`dns:*.${name}`)(dns(`${first}.${name}`))).toBe(`${first}.${name}`);
        for (const other of [
          name,
          `a.${first}.${name}`,
          `*.${name}`,
          `.${name}`,
          `${first}${name}`,
          `${first}.${name}.x`,
        ])
          expect(patternOf(`dns:*.${name}`)(dns(other))).toBeUndefined();
        expect(patternOf(`dns:${name}`)(uri(name))).toBeUndefined();
      }),
    );
  });

  it('of another URI is compared as it is', () => {
    const pattern = patternOf('uri:https://a.example/b');
    expect(pattern(uri('https://a.example/b'))).toBe('https://a.example/b');
    for (const other of ['https://a.example/b/', 'https://A.example/b', 'https://a.example/'])
      expect(pattern(uri(other))).toBeUndefined();
  });

  it.each([
    ['', 'must begin'],
    ['prod', 'must begin'],
    ['cn:prod', 'must begin'],
    ['uri:', 'must begin'],
    ['uri:spiffe://prod/a', 'must begin'],
    ['spiffe://*/a', 'trust domain'],
    ['spiffe://prod', 'trust domain only'],
    ['spiffe://prod/', 'empty segment'],
    ['spiffe://prod/a/../b', '. or ..'],
    ['spiffe://prod/[a]', 'its path may'],
    ['dns:', 'no DNS name'],
    ['dns:*', 'no DNS name'],
    ['dns:*.example', 'first of three labels'],
    ['dns:a.*.example', 'no DNS name'],
    ['dns:*a.b.example', 'no DNS name'],
    ['dns:a..example', 'no DNS name'],
    ['dns:a.example.', 'no DNS name'],
    ['dns:-a.example', 'no DNS name'],
  ])('%s is none', async (pattern, why) => {
    await refused(() => patternOf(pattern), 'INVALID_ARGUMENT', why);
  });
});
