/**
 * Whether a pattern in which stars stand for any number of items matches all of a text. A star gives way only to the next star after it, so that nothing is tried in combinations: it takes no
 * more steps than the pattern's length times the text's.
 *
 * @param canSkip whether a star may stand for this item
 * @hidden
 */
export function greedyMatch<P, T>(
  pattern: readonly P[],
  text: readonly T[],
  isStar: (one: P) => boolean,
  fits: (one: P, item: T) => boolean,
  canSkip: (item: T) => boolean = () => true,
): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  for (let position = 0; position < text.length; ) {
    const one = pattern[at];
    if (one !== undefined && isStar(one)) {
      star = at++;
      taken = position;
    } else if (one !== undefined && fits(one, text[position]!)) {
      at++;
      position++;
    } else if (star >= 0 && canSkip(text[taken]!)) {
      at = star + 1;
      position = ++taken;
    } else return false;
  }
  return pattern.slice(at).every(isStar);
}
