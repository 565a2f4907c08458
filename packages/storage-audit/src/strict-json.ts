/** An object has a name twice: `JSON.parse` keeps the last of the two, and somebody else the first. */
export class TwiceError extends SyntaxError {
  override readonly name = 'TwiceError';
}

/** A string, and the colon after it where it is a name; or what begins or ends an object or a list. Of text that is JSON it finds each of these, and nothing else. */
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")([ \t\r\n]*:)?|[{}[\]]/g;

/**
 * Text of JSON in which no object has two members of one name, however that is written: of two each reader would choose its own.
 *
 * @throws SyntaxError for what is no JSON, TwiceError
 */
export function parseStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Without recursion: a file may be as deep as it is long.
  const open: (Set<string> | undefined)[] = [];
  for (const [token, name, colon] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (name !== undefined && colon !== undefined) addName(open.at(-1), name);
  }
  return value;
}

function addName(names: Set<string> | undefined, quoted: string): void {
  const name = JSON.parse(quoted) as string;
  if (names?.has(name))
    throw new TwiceError(`the member ${JSON.stringify(name.slice(0, 64))} is there twice`);
  names?.add(name);
}
