// Names, tags, policies and keys are somebody else's words: on a terminal they could move the cursor or turn a line around, in a ticket name people and lead to places.

/** Control characters, and those that show nothing themselves and change how others show: marks of direction, of no width, separators, tags, lone surrogates, private use. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
/** What terminals give two columns: East Asian Width W and F (Unicode Annex 11), and pictures. */
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{20000}-\u{3fffd}]$/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}]$/u;

/** Text that only shows, in one line. In JSON the escapes mean the same characters. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (found) =>
    Array.from(found.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** The same of text that has lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** How many columns of a terminal it takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += widthOfOne(char);
  return width;
}

function widthOfOne(char: string): number {
  if (char < '\u0300') return 1;
  if (NO_WIDTH.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Lines of at most so many columns, broken at spaces, and a word that is longer anywhere. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) <= width) line += ` ${word}`;
    else {
      if (line !== '') lines.push(line);
      const pieces = broken(word, width);
      line = pieces.pop() ?? '';
      lines.push(...pieces);
    }
  }
  return [...lines, line];
}

function broken(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let columns = 0;
  for (const char of word) {
    const own = widthOfOne(char);
    if (piece !== '' && columns + own > width) {
      pieces.push(piece);
      [piece, columns] = ['', 0];
    }
    piece += char;
    columns += own;
  }
  return [...pieces, piece];
}
