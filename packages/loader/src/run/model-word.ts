/**
 * `{model}` in an argument is the path. Of more braces each level takes one pair: `{{model}}` is `{model}` to the command, which may be another `run`. Braces that have no
 * partner are nobody's, and stay.
 */
export function withModel(word: string, path: string): string {
  return word.replaceAll(/(\{+)model(\}+)/g, (_, open: string, close: string) => {
    const pairs = Math.min(open.length, close.length);
    const inner = pairs === 1 ? path : `${'{'.repeat(pairs - 1)}model${'}'.repeat(pairs - 1)}`;
    return `${open.slice(pairs)}${inner}${close.slice(pairs)}`;
  });
}

/** Whether the path stands in it, so that nothing can be said of it before there is one. */
export function namesModel(word: string): boolean {
  return withModel(word, '') !== withModel(word, '/');
}
