import type { ObjectTally, Report } from '@weightseal/storage-audit';
import { count } from '../bundle/notes.js';
import { storageAudit } from './load.js';

export const FORMATS = ['table', 'json', 'sarif', 'markdown', 'evidence'] as const;

export type Format = (typeof FORMATS)[number];

export interface Shown {
  readonly report: Report;
  /** What lies there, where that was looked at. */
  readonly tally: ObjectTally | undefined;
  readonly start: Date;
  readonly end: Date;
  readonly explain: boolean;
  readonly all: boolean;
}

/** The report as text, with a line break at its end. */
export async function textOf(format: Format, shown: Shown): Promise<string> {
  const { evidenceOf, markdownOf, sarifOf } = await storageAudit();
  const { report, start, end } = shown;
  if (format === 'markdown') return `${markdownOf(report).trimEnd()}\n`;
  if (format === 'table') return await tableWith(shown);
  const value =
    format === 'sarif'
      ? sarifOf(report)
      : format === 'evidence'
        ? evidenceOf(report, { start, end })
        : await membersOf(shown);
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** For --json and its file. */
export async function membersOf({ report, tally }: Shown): Promise<object> {
  const { jsonOf } = await storageAudit();
  return { ...jsonOf(report), ...(tally && { objects: countsOf(tally), keys: tally.keys }) };
}

async function tableWith({ report, tally, explain, all }: Shown): Promise<string> {
  const { tableOf } = await storageAudit();
  const width = process.stdout.columns;
  const table = tableOf(report, { explain, all, ...(width !== undefined && { width }) });
  if (!tally) return table;
  const there = Object.entries(countsOf(tally)).flatMap(([kind, number]) =>
    number > 0 ? [count(number, WORDS[kind as keyof typeof WORDS])] : [],
  );
  return `${table}Looked at: ${there.join(', ') || 'nothing'}.\n`;
}

const WORDS = {
  sealed: 'sealed file',
  bundle: 'bundle',
  weights: 'plain model',
  release: 'release document',
  other: 'other',
  upload: 'upload',
} as const;

function countsOf(tally: ObjectTally): Record<keyof typeof WORDS, number> {
  const kinds = Object.keys(WORDS) as (keyof typeof WORDS)[];
  return Object.fromEntries(kinds.map((kind) => [kind, tally.count(kind)])) as Record<
    keyof typeof WORDS,
    number
  >;
}
