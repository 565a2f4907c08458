/** Longer words, and more of them, are no slips of the pen; to compare them all would take as long as somebody likes. */
const LONGEST = 64;
const MOST = 1000;

/**
 * The known word that was probably meant, or undefined when none is near: at most a third of its letters differ, and no more than `most`.
 *
 * @hidden
 */
export function nearest(
  word: string,
  known: Iterable<string>,
  most: number = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  if (word.length > LONGEST) return undefined;
  for (const candidate of [...known].slice(0, MOST)) {
    if (candidate.length > LONGEST) continue;
    const away = distance(word.toLowerCase(), candidate.toLowerCase());
    if (away < least && away <= Math.min(most, Math.max(word.length, candidate.length) / 3))
      [best, least] = [candidate, away];
  }
  return best;
}

/**
 * `; did you mean x?`, or nothing.
 *
 * @hidden
 */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** Letters to put in, take out, replace, or swap with their neighbour: Damerau and Levenshtein, restricted. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
