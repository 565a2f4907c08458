import { parseArgs } from 'node:util';
import { parseSize } from './sizes.ts';

export interface Options {
  /** For every comparison; without it each chooses. */
  readonly size: number | undefined;
  readonly runs: number | undefined;
  readonly only: readonly string[] | undefined;
  /** The sizes and repetitions of the published numbers. */
  readonly full: boolean;
  readonly json: boolean;
  /** Keep the results in the checkout and render docs/performance.md from all that are kept. */
  readonly write: boolean;
  /** Render from the kept results, and measure nothing. */
  readonly render: boolean;
}

const USAGE = `Usage: pnpm bench [--size 2GiB] [--runs N] [--only name,…] [--full] [--json] [--write | --render]`;

export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      size: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string' },
      full: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const only = values.only?.split(',').map((name) => name.trim());
  const unknown = only?.find((name) => !known.includes(name));
  if (values.help || unknown) {
    console.log(`${USAGE}\nNames: ${known.join(', ')}`);
    process.exit(values.help ? 0 : 2);
  }
  const { full, json, write, render } = values;
  const size = values.size === undefined ? undefined : parseSize(values.size);
  const runs = values.runs === undefined ? undefined : parseRuns(values.runs);
  return { size, runs, only, full, json, write, render };
}

function parseRuns(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`--runs ${text}: give a whole number from 1 to 9999.`);
}
