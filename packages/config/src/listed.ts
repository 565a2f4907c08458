/** Longer words are none that anybody reads. */
const LONGEST = 64;

/** The words one after another, as far as anybody reads. */
export function listed(words: Iterable<string>): string {
  const all = [...words];
  const shown = all.slice(0, 20).map((word) => (word.length > LONGEST ? `${word.slice(0, LONGEST)}…` : word));
  return [...shown, ...(all.length > shown.length ? [`and ${all.length - shown.length} more`] : [])].join(
    ', ',
  );
}
