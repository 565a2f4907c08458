// Core has the same measure (nearest.ts). To load it for a mistyped word would take longer than all else that is done then; and here a word may be just
// the beginning of another one, which is no slip in a program.

/** Longer words are no slips of the pen. */
const LONGEST = 64;

/** What other tools call the things that we do. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  encrypt: 'seal',
  enc: 'seal',
  lock: 'seal',
  decrypt: 'open',
  dec: 'open',
  unlock: 'open',
  unseal: 'open',
  check: 'verify',
  info: 'inspect',
  show: 'inspect',
  copy: 'cp',
  mirror: 'cp',
  sync: 'cp',
  dir: 'ls',
  members: 'list',
  exec: 'run',
  load: 'run',
  clean: 'sweep',
  'generate-key': 'keygen',
  genkey: 'keygen',
  recipient: 'key',
  out: 'output',
  overwrite: 'force',
};

/** ` Did you mean x?`, or nothing. */
export function didYouMean(word: string, known: readonly string[], before = ''): string {
  const elsewhere = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word]! : undefined;
  const meant = elsewhere !== undefined && known.includes(elsewhere) ? elsewhere : nearest(word, known);
  return meant === undefined ? '' : ` Did you mean ${before}${meant}?`;
}

/** At most a third of the letters differ; or it is how just one of them begins. */
function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const typed = word.toLowerCase();
  const begun = known.filter((one) => typed.length > 1 && one.startsWith(typed));
  if (begun.length === 1) return begun[0];
  const near = known
    .map((one) => ({ one, away: distance(typed, one.toLowerCase()) }))
    .filter(({ one, away }) => away <= Math.max(typed.length, one.length) / 3);
  return near.sort((a, b) => a.away - b.away)[0]?.one;
}

/** Letters to put in, take out, replace, or swap with their neighbour: Damerau and Levenshtein, restricted. */
function distance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
