import { invalid } from './invalid.js';

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const [QUOTE, BACKSLASH] = ['"', 0x5c];
const BEGINNERS = new Set(['[', '{', ','].map((one) => one.charCodeAt(0)));

/**
 * JSON in UTF-8 in which no object has a name twice: of two members of one name every reader chooses its own.
 *
 * @param what the subject of the message
 * @param most how many values it may have: each takes more memory than it has characters
 * @throws SIGNATURE_INVALID
 */
export function parseJson(bytes: Uint8Array, what: string, most: number): unknown {
  let text: string;
  let value: unknown;
  try {
    text = DECODER.decode(bytes);
  } catch (cause) {
    throw invalid(`${what} is no UTF-8`, cause);
  }
  if (hasMore(text, most)) throw invalid(`${what} has more than ${most} values`);
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${what} is no JSON`, cause);
  }
  // JSON.parse keeps one of two members, so fewer are left than there are names in the text.
  if (namesInText(text) !== membersOf(value)) throw invalid(`${what} has an object with one name twice`);
  return value;
}

/** How many names stand in a text that is JSON: the strings that a colon follows. */
function namesInText(text: string): number {
  let count = 0;
  for (let at = text.indexOf(QUOTE); at >= 0; at = text.indexOf(QUOTE, at)) {
    at = endOfString(text, at + 1);
    let next = at;
    while (isSpace(text.charCodeAt(next))) next++;
    if (text[next] === ':') count++;
  }
  return count;
}

/** Whether more values begin than these: what follows a bracket, a brace or a comma outside of strings. Of any text, since it is asked before it is parsed. */
function hasMore(text: string, most: number): boolean {
  let left = most;
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf(QUOTE, at);
    const end = quote < 0 ? text.length : quote;
    for (; at < end; at++) if (BEGINNERS.has(text.charCodeAt(at)) && --left < 0) return true;
    if (quote >= 0) at = endOfString(text, quote + 1);
  }
  return false;
}

/** Where the string ends that begins here: behind the first quote that an even number of backslashes stands before. */
function endOfString(text: string, begin: number): number {
  for (let quote = text.indexOf(QUOTE, begin); quote >= 0; quote = text.indexOf(QUOTE, quote + 1)) {
    let before = quote - 1;
    while (before >= begin && text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return text.length;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Without recursion: hostile input may be as deep as it is long. */
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
