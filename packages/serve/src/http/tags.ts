// What a file is called by its bytes: RFC 9110 §8.8.3 and RFC 9530. Pure.

/** @param sha256 64 hexadecimal digits */
export function etagOf(sha256: string): string {
  return `"sha256-${sha256}"`;
}

/** `Repr-Digest`. @param sha256 64 hexadecimal digits */
export function reprDigestOf(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
}

const TAG = /^(W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;
// RFC 9110 §5.6.1.2: elements of a list may be empty.
const NEXT_TAG = /[ \t,]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

/** Whether a list of tags has this one. Nothing that breaks the grammar matches, nor what stands behind it. @param strong whether weak tags in the list count for nothing (§8.8.3.2) */
export function hasTag(list: string, etag: string, strong: boolean): boolean {
  NEXT_TAG.lastIndex = 0;
  for (let found = NEXT_TAG.exec(list); found; found = NEXT_TAG.exec(list)) {
    if (found[2] === etag && !(strong && found[1])) return true;
    if (NEXT_TAG.lastIndex >= list.length) return false;
  }
  return false;
}

/** The one tag that a header is, without what says that it is weak; undefined for what is none. */
export function oneTag(text: string): { readonly tag: string; readonly weak: boolean } | undefined {
  const found = TAG.exec(text.trim());
  return found ? { tag: found[2]!, weak: found[1] !== undefined } : undefined;
}
