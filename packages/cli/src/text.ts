// Control characters, and those that show nothing themselves and change how others show: bidi marks, zero-width
// characters, line separators, tags, lone surrogates, private use.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/**
 * Text that is safe on a terminal. A file's context, names and key URIs are somebody else's words: they could move the
 * cursor, colour a failure green, or turn a line around. In JSON the escapes mean the same characters.
 */
export function printable(text: string): string {
  return text.replace(unsafe, (found) =>
    Array.from(found.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Somebody else's text in quotation marks, so that it is seen where it starts and ends. */
export function quote(text: string): string {
  return printable(JSON.stringify(text));
}

/** A word for a shell, so that it stays one word and nothing in it acts. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (text.search(unsafe) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  const byte = (one: number): string =>
    one >= 0x20 && one < 0x7f && one !== 0x27 && one !== 0x5c
      ? String.fromCharCode(one)
      : `\\${one.toString(8).padStart(3, '0')}`;
  return `$'${Array.from(Buffer.from(text), byte).join('')}'`;
}

export function pairs(context: Readonly<Record<string, string>>): string {
  return Object.entries(context)
    .map(([name, value]) => `${quote(name)}: ${quote(value)}`)
    .join(', ');
}

/** Some lines under a title, which stands before the first of them. */
export function list(title: string, items: readonly string[], width = 10): string[] {
  return items.map((item, index) => `${(index === 0 ? title : '').padEnd(width)}${item}`);
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** 100 B, 1.50 KiB, 13.0 GiB. */
export function size(bytes: number): string {
  let unit = 'B';
  let value = bytes;
  for (const next of UNITS) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return unit === 'B' ? `${bytes} B` : `${value.toPrecision(value < 1000 ? 3 : 4)} ${unit}`;
}
