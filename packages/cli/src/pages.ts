import { fs } from './builtins.js';

/** Where the build puts the guides. */
const DIRECTORY = new URL('./docs/', import.meta.url);

/** What `help` has besides commands and codes: the guides, by the names of their files. */
export function pages(): string[] {
  return fs
    .readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort();
}

export function page(name: string): string {
  return fs.readFileSync(new URL(`${name}.md`, DIRECTORY), 'utf8');
}

export interface ErrorRow {
  readonly code: string;
  readonly when: string;
  readonly advice: string;
}

/** The rows of the guide to errors that are about a code. */
export function errorRows(): ErrorRow[] {
  const rows = page('errors').matchAll(/^\| `([A-Z_]+)` \| (.+?) \| (.+?) \|$/gm);
  return [...rows].map(([, code, when, advice]) => ({ code: code!, when: when!, advice: advice! }));
}
