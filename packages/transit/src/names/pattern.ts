import { WeightsealError } from '@weightseal/core';
import type { Certificate } from '../x509/certificate.js';
import { globOf } from './glob.js';
import { looksLikeSpiffe, spiffeProblem } from './spiffe.js';

/** What of a certificate's names a pattern means; undefined for none of them. */
export type NamePattern = (names: Pick<Certificate, 'dnsNames' | 'uris'>) => string | undefined;

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/**
 * `spiffe://domain/path`, whose path is a glob; `dns:name`, whose first label may be a `*`, for one label (RFC 9525 §6.3); `uri:…`, which is compared as it is. Nothing is guessed from a common name.
 *
 * @throws INVALID_ARGUMENT
 */
export function patternOf(pattern: string): NamePattern {
  if (looksLikeSpiffe(pattern)) return spiffePattern(pattern);
  if (pattern.startsWith('dns:')) return dnsPattern(pattern);
  const uri = pattern.startsWith('uri:') ? pattern.slice('uri:'.length) : '';
  if (uri === '' || looksLikeSpiffe(uri))
    throw refused(pattern, 'must begin with spiffe://, dns: or uri:, and name somebody');
  return ({ uris }) => uris.find((one) => one === uri);
}

function spiffePattern(pattern: string): NamePattern {
  // What stands for characters is put in as one of them, so that the rest of the pattern is held to the rules.
  const problem = spiffeProblem(
    pattern.replaceAll(/[*?]/g, (_, at: number) => (at < pathAt(pattern) ? '%' : 'x')),
  );
  if (problem !== undefined) throw refused(pattern, `is no SPIFFE ID: ${problem}`);
  if (pathAt(pattern) === pattern.length)
    throw refused(pattern, 'is a trust domain only; /** behind it means everybody of it');
  const start = pattern.slice(0, pathAt(pattern) + 1);
  const matches = globOf(pattern.slice(start.length), '`names`');
  return ({ uris }) =>
    uris.find(
      (one) => one.startsWith(start) && spiffeProblem(one) === undefined && matches(one.slice(start.length)),
    );
}

/** Where the path of a SPIFFE ID begins: at its end, where it has none. */
function pathAt(pattern: string): number {
  const at = pattern.indexOf('/', 'spiffe://'.length);
  return at < 0 ? pattern.length : at;
}

function dnsPattern(pattern: string): NamePattern {
  const name = pattern.slice('dns:'.length).toLowerCase();
  const any = name.startsWith('*.');
  const rest = any ? name.slice('*.'.length) : name;
  if (!HOST.test(rest) || (any && !rest.includes('.')))
    throw refused(pattern, 'is no DNS name; a * may only stand for the first of three labels or more');
  return ({ dnsNames }) =>
    dnsNames.find((one) => {
      const host = one.toLowerCase();
      // A certificate that is itself of a wildcard is nobody in particular.
      if (!HOST.test(host)) return false;
      return (any ? host.slice(host.indexOf('.') + 1) : host) === rest;
    });
}

function refused(pattern: string, why: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `The name ${JSON.stringify(pattern).slice(0, 200)} ${why}.`);
}
