/** A string, and the colon after it where it is a name. Of text that is JSON it finds each string, and nothing else. */
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"([ \t\r\n]*:)?/g;

/**
 * JSON in which no object has a name twice: of two members of one name each reader would choose its own.
 *
 * @returns undefined for what is no JSON; `twice` where an object has a name twice
 */
export function parseOnce(text: string): { readonly value: unknown } | 'twice' | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  let names = 0;
  for (const [, colon] of text.matchAll(STRINGS)) if (colon !== undefined) names++;
  // JSON.parse keeps one of two members, so fewer are left than there are names in the text.
  return names === membersOf(value) ? { value } : 'twice';
}

/** Without recursion: a file may be as deep as it is long. */
function membersOf(value: unknown): number {
  let count = 0;
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one !== 'object' || one === null) continue;
    const inner: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
    if (!Array.isArray(one)) count += inner.length;
    for (const each of inner) left.push(each);
  }
  return count;
}
