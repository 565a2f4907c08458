// What is supported, a row each, in the order of docs/bundling.md. `threads` is what core's threads are started from there: its own file, the text of it that
// core carries, or none.
import { GROUPS } from './tools.mjs';
import { bundlers } from './with-bundlers.mjs';
import { next } from './with-next.mjs';
import { runtimes } from './with-runtimes.mjs';

export const ROWS = [...bundlers, next, ...runtimes];

const THREADS = { file: 'its file', text: 'its text', none: 'none' };

/** The row as docs/bundling.md has it: name, version of what was run (Node's is the workspace's), what threads are started from. */
export function documented({ name, group, tool, threads }) {
  const version = tool === 'node' ? 'Node.js 24' : GROUPS[group][tool ?? Object.keys(GROUPS[group])[0]];
  return `| ${name} | ${version} | ${THREADS[threads]} |`;
}
