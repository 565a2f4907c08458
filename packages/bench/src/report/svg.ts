import type { Bar, Group } from './bars.ts';

const WIDTH = 760;
const LABELS = 300;
const BAR = 18;
const STEP = 26;
const TITLE = 34;
const VALUE = 60;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .ours { fill: #0969da; }
  .other { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ours { fill: #4493f8; }
    .other { fill: #6e7681; }
  }
`;

/** Horizontal bars, readable on light and on dark. */
export function renderSvg(groups: readonly Group[]): string {
  const largest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = (WIDTH - LABELS - VALUE) / largest;
  const parts: string[] = [];
  let y = 0;
  for (const { title, bars } of groups) {
    parts.push(`<text class="title" x="8" y="${y + 22}">${escaped(title)}, GB/s</text>`);
    y += TITLE;
    for (const bar of bars) {
      parts.push(renderBar(bar, y, scale));
      y += STEP;
    }
  }
  const height = y + 8;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`;
  return [
    open,
    '<title>Throughput of seal and open</title>',
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function renderBar({ label, value, ours }: Bar, y: number, scale: number): string {
  const length = Math.max(1, value * scale).toFixed(1);
  const baseline = y + BAR - 4;
  return [
    `<text x="${LABELS - 8}" y="${baseline}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${ours ? 'ours' : 'other'}" x="${LABELS}" y="${y}" width="${length}" height="${BAR}" rx="2"/>`,
    `<text x="${(LABELS + Number(length) + 6).toFixed(1)}" y="${baseline}">${value.toFixed(2)}</text>`,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
