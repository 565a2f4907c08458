import { timeOf } from './dates.js';
import { hasTag, oneTag } from './tags.js';

// RFC 9110 §13: on what a request depends. Pure.

/** The headers of it, as Node has them. */
export interface Conditions {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
  readonly 'if-unmodified-since'?: string | undefined;
  readonly 'if-range'?: string | undefined;
}

/** What is there now. */
export interface Current {
  readonly etag: string;
  /** Milliseconds since 1970, where that is known. */
  readonly modified?: number | undefined;
  readonly now: number;
}

/** §13.2.2, the order of its steps; for GET and HEAD. */
export function evaluate(asked: Conditions, current: Current): 'go on' | 'not modified' | 'failed' {
  const { etag, now } = current;
  const match = asked['if-match'];
  if (match !== undefined) {
    if (match.trim() !== '*' && !hasTag(match, etag, true)) return 'failed';
  } else if (isLaterThan(asked['if-unmodified-since'], current, now) === true) return 'failed';
  const none = asked['if-none-match'];
  if (none !== undefined) return none.trim() === '*' || hasTag(none, etag, false) ? 'not modified' : 'go on';
  return isLaterThan(asked['if-modified-since'], current, now) === false ? 'not modified' : 'go on';
}

/** Whether it was changed after that time; undefined for what is no time, and where nobody knows. A header's time has no parts of seconds. */
function isLaterThan(text: string | undefined, { modified }: Current, now: number): boolean | undefined {
  const time = text === undefined ? undefined : timeOf(text, now);
  if (time === undefined || modified === undefined) return undefined;
  return wholeSeconds(modified) > time;
}

/** A second in which a file may have been written twice says nothing of its bytes (§8.8.2.2). */
const STRONG_AFTER = 1000;

/** §13.1.5: whether a range may be given at all, or all of it is, since it is another file by now. */
export function rangeHolds(asked: Conditions, { etag, modified, now }: Current): boolean {
  const header = asked['if-range'];
  if (header === undefined) return true;
  const tag = oneTag(header);
  if (tag) return !tag.weak && tag.tag === etag;
  const time = timeOf(header, now);
  if (time === undefined || modified === undefined) return false;
  return time === wholeSeconds(modified) && now - modified > STRONG_AFTER;
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
