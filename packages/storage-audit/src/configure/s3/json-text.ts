import { WeightsealError } from '@weightseal/core';

/** A string, and the colon after it where it is a name; or what begins or ends an object or a list. */
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")([ \t\r\n]*:)?|[{}[\]]/g;

/** Where the object or list that is a member of the whole begins and ends in the text. @param text JSON, of an object that has no name twice @throws STORE_RESPONSE_INVALID */
export function memberIn(text: string, name: string): { readonly start: number; readonly end: number } {
  let [depth, isNext, start] = [0, false, -1];
  for (const { 0: token, 1: quoted, 2: colon, index } of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      depth++;
      if (isNext) start = index;
      isNext = false;
    } else if (token === '}' || token === ']') {
      depth--;
      if (start >= 0 && depth === 1) return { start, end: index + 1 };
    } else if (depth === 1 && start < 0) isNext = colon !== undefined && JSON.parse(quoted!) === name;
  }
  throw new WeightsealError(
    'STORE_RESPONSE_INVALID',
    `The policy has no ${name} that is a list or an object.`,
  );
}
