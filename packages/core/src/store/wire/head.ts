// The head of an answer, RFC 9112 §2 to §6, as narrow as servers of ranges need it: who says less clearly what follows is refused, since what stands between may understand it otherwise.

/** What an answer says before its bytes. */
export interface AnswerHead {
  readonly status: number;
  /** By name in lower case; several of one name are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the connection may be used again, once the body has been read. */
  readonly persistent: boolean;
  readonly body: BodyLength;
}

/** How the end of a body is known. */
export type BodyLength = number | 'chunked' | 'close';

/** What answers does not speak HTTP/1.1 as it should. Whoever asked gives it a code. */
export class WireError extends Error {
  /** As Node's own parser calls its errors: HPE is what its users look for. */
  readonly code = 'HPE_WIRE';
}

/** For what ends in the middle, as Node puts it: it may be whole the next time. */
export function endedEarly(): Error {
  return Object.assign(new Error('The answer ended before all of it had come.'), { code: 'ECONNRESET' });
}

const STATUS = /^HTTP\/1\.([01]) (\d{3})(?: [^\0\r\n]*)?$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5. A line that goes on the next, which RFC 9112 §5.2 ended, begins with a blank, and so has no name. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const BODILESS = [204, 304];

/** @param text of the status line and the headers, without the empty line. @throws WireError */
export function parseHead(text: string): AnswerHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, digits] = STATUS.exec(first) ?? [];
  if (digits === undefined) throw new WireError('The answer does not begin as one of HTTP/1.1 does.');
  const status = Number(digits);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, Math.max(0, colon)), withoutBlanks(line, colon + 1)];
    if (!NAME.test(name) || !VALUE.test(value)) throw new WireError('The answer has a header that is none.');
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const body = BODILESS.includes(status) ? 0 : lengthOf(headers);
  const connection = headers.get('connection')?.toLowerCase();
  const persistent = body !== 'close' && minor === '1' && connection !== 'close';
  return { status, headers, persistent, body };
}

/** By hand: a pattern of blanks, anything and blanks takes hours for 64 KiB of blanks and a line feed, which nothing could interrupt. */
function withoutBlanks(line: string, from: number): string {
  const isBlank = (at: number) => line[at] === ' ' || line[at] === '\t';
  let [start, end] = [from, line.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return line.slice(start, end);
}

/** RFC 9112 §6.3. Both kinds of length at once is how requests are smuggled, and two lengths that differ likewise. */
function lengthOf(headers: ReadonlyMap<string, string>): BodyLength {
  const [coding, length] = [headers.get('transfer-encoding'), headers.get('content-length')];
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked' || length !== undefined)
      throw new WireError('The answer does not say in one way how long it is.');
    return 'chunked';
  }
  if (length === undefined) return 'close';
  if (!/^\d{1,15}$/.test(length)) throw new WireError('The answer has a length that is none.');
  return Number(length);
}

const TARGET = /^\/[\x21-\x7e]*$/;

/** What is asked for. */
export interface WireRequest {
  /** `https://host:port`. */
  readonly origin: string;
  /** Path and query as they are to be sent: some services sign them to the letter. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A GET, RFC 9112 §3. @throws WireError for what would not be one line, or one header */
export function encodeGet({ origin, path, headers }: WireRequest): string {
  if (!TARGET.test(path)) throw new WireError('A path cannot be sent as it is.');
  const all = { host: new URL(origin).host, ...lowered(headers), connection: 'keep-alive' };
  const lines = Object.entries(all).map(([name, value]) => {
    if (!NAME.test(name) || !VALUE.test(value)) throw new WireError('A header cannot be sent as it is.');
    return `${name}: ${value}\r\n`;
  });
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
