import type { Row } from './format.ts';

/** The document with what stands between two markers replaced. */
export function withBlock(document: string, start: string, end: string, body: string): string {
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The document has lost its markers, ${start} and ${end}.`);
  return `${document.slice(0, from)}${start}\n\n${body}\n\n${document.slice(to)}`;
}

export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}
