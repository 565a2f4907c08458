import { WeightsealError } from '@weightseal/core';

// SPIFFE IDs: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md

export interface SpiffeId {
  readonly trustDomain: string;
  /** With its first slash; empty where there is none. */
  readonly path: string;
}

const SCHEME = 'spiffe://';
const MOST_BYTES = 2048;
const MOST_OF_DOMAIN = 255;

/** Whether it is meant as one; that it is one is another question. */
export function looksLikeSpiffe(uri: string): boolean {
  return /^spiffe:/i.test(uri);
}

/** @throws INVALID_ARGUMENT, with the rule that it breaks */
export function parseSpiffeId(text: string): SpiffeId {
  const problem = spiffeProblem(text);
  if (problem !== undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(text).slice(0, 200)} is no SPIFFE ID: ${problem}.`,
    );
  const slash = text.indexOf('/', SCHEME.length);
  return slash < 0
    ? { trustDomain: text.slice(SCHEME.length), path: '' }
    : { trustDomain: text.slice(SCHEME.length, slash), path: text.slice(slash) };
}

/** The rule that a text breaks; undefined for a SPIFFE ID. There is one spelling of each: what is equal is equal byte by byte. */
export function spiffeProblem(text: string): string | undefined {
  if (!text.startsWith(SCHEME)) return `it must begin with ${SCHEME}, in lower case`;
  if (text.length > MOST_BYTES) return `it is longer than ${MOST_BYTES} bytes`;
  const [domain = '', ...segments] = text.slice(SCHEME.length).split('/');
  if (domain === '') return 'it has no trust domain';
  if (domain.length > MOST_OF_DOMAIN) return `its trust domain is longer than ${MOST_OF_DOMAIN} bytes`;
  // Neither a port nor a user, and nothing that is escaped.
  if (!/^[a-z0-9._-]+$/.test(domain))
    return 'its trust domain may have a-z, 0-9, dots, hyphens and underscores only';
  if (segments.some((segment) => segment === ''))
    return 'its path has an empty segment, or ends with a slash';
  if (segments.some((segment) => segment === '.' || segment === '..'))
    return 'its path has a . or .. as a segment';
  // No query, no fragment.
  if (segments.some((segment) => !/^[a-zA-Z0-9._-]+$/.test(segment)))
    return 'its path may have letters, digits, dots, hyphens and underscores only';
  return undefined;
}
