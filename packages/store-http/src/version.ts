import { randomUUID } from 'node:crypto';
import type { RangeAnswer } from '@weightseal/core';

const STRONG = /^"[\x21\x23-\x7e\x80-\xff]*"$/;
const SINCE = 'last-modified:';
/** Of this process alone: another one must not take what it finds later for the same bytes. */
const UNPINNED = `unpinned ${randomUUID()}`;

/**
 * What of an answer says which bytes it is of. A strong ETag says just that (RFC 9110 §8.8.3). A weak one, or none that is well formed, says less, so the date goes with it.
 *
 * @param allowUnpinned whether it may be nothing
 */
export function versionOf({ header }: RangeAnswer, allowUnpinned: boolean): string | undefined {
  const tag = header('etag') ?? '';
  if (STRONG.test(tag)) return tag;
  const date = header('last-modified');
  if (date && !Number.isNaN(Date.parse(date))) return `${tag} ${SINCE}${date}`.trimStart();
  return allowUnpinned ? UNPINNED : undefined;
}

/** The field that has the server itself refuse another version: If-Match takes strong ETags only. The answer is compared besides. */
export function conditionOf(version: string | undefined): Readonly<Record<string, string>> {
  if (version === undefined || version === UNPINNED) return {};
  if (STRONG.test(version)) return { 'if-match': version };
  const at = version.indexOf(SINCE);
  return at < 0 ? {} : { 'if-unmodified-since': version.slice(at + SINCE.length) };
}
