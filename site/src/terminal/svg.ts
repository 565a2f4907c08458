// A screen of a terminal as a picture: a window with text, each run of it as wide as its columns whatever font there is.
import { COLUMNS, type Run, type Screen } from './record.ts';

const CELL = 8.4;
const LINE = 20;
const PADDING = 18;
const BAR = 34;
const WIDTH = Math.ceil(COLUMNS * CELL + 2 * PADDING);

/** The 16 colours of a terminal, as GitHub's dark theme has them. */
const PALETTE = [
  '#484f58',
  '#ff7b72',
  '#3fb950',
  '#d29922',
  '#58a6ff',
  '#bc8cff',
  '#39c5cf',
  '#b1bac4',
  '#6e7681',
  '#ffa198',
  '#56d364',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#56d4dd',
  '#f0f6fc',
];

export function svg(screen: Screen, title: string): string {
  const height = BAR + screen.length * LINE + PADDING;
  const lines = screen.flatMap((runs, row) => runs.map((run) => text(run, BAR + (row + 0.75) * LINE)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>
  text { font: 14px ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre; }
  .bold { font-weight: 600; }
  .dim { opacity: 0.65; }
</style>
<rect width="${WIDTH}" height="${height}" rx="10" fill="#0d1117"/>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="9.5" fill="none" stroke="#30363d"/>
${['#ff5f57', '#febc2e', '#28c840'].map((fill, at) => `<circle cx="${20 + at * 18}" cy="17" r="5.5" fill="${fill}"/>`).join('')}
${lines.join('\n')}
</svg>
`;
}

function text({ column, text: all, colour, bold, dim }: Run, y: number): string {
  const shown = all.trimStart();
  const x = PADDING + (column + all.length - shown.length) * CELL;
  const look = [bold ? 'bold' : '', dim ? 'dim' : ''].filter(Boolean).join(' ');
  const fill = colour === undefined ? '' : ` style="fill:${PALETTE[colour] ?? '#e6edf3'}"`;
  const width = ([...shown].length * CELL).toFixed(1);
  return `<text x="${x.toFixed(1)}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${look && ` class="${look}"`}${fill}>${escaped(shown)}</text>`;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
