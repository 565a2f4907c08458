/** A text of JSON in which no object has two members of one name: of these JSON.parse would keep the last, and somebody else the first. @throws SyntaxError */
export function parseStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // The text is sound JSON by now, so strings and brackets are all that has to be told apart.
  const open: (Set<string> | undefined)[] = [];
  for (const [token, , follows] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (follows !== undefined) addName(open.at(-1), token.slice(0, -follows.length));
  }
  return value;
}

function addName(names: Set<string> | undefined, quoted: string): void {
  const name = JSON.parse(quoted) as string;
  if (names?.has(name))
    throw new SyntaxError(`the member ${JSON.stringify(name.slice(0, 64))} is there twice`);
  names?.add(name);
}
