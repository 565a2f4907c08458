// Bundles one program with each bundler, and runs it under each runtime, of docs/bundling.md: it seals, verifies, opens and loads 16 MiB, enough that core starts
// its threads. One line for each.
//   node .ci/bundlers.mjs [--available] [name of a row …]
// Fails when a row fails, and when a tool is missing. With --available, those that could not be installed are listed and passed over.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeProject } from './bundlers/project.mjs';
import { ROWS } from './bundlers/rows.mjs';
import { installed, Missing } from './bundlers/tools.mjs';

const { values: options, positionals } = parseArgs({
  options: { available: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** What threads the program told of: of one kind, or of none. */
function kindOf({ file, text }) {
  return [file > 0 && 'file', text > 0 && 'text'].filter(Boolean).join(' and ') || 'none';
}

/** A row's line, and whether it is as the table says. */
function judged({ threads }, line) {
  const report = JSON.parse(line.trim().split('\n').at(-1));
  if (!report.done) return { failed: `${report.code} ${report.message} ${report.cause}` };
  const found = kindOf(report.threads);
  if (!found.endsWith(threads)) return { failed: `threads: ${found}, and the table says ${threads}` };
  return { threads: found };
}

async function outcomeOf(row, folders, number) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    const tools = await installed(row.group);
    const line = await row.run({ ...folders, tools, out: join(folders.root, `out-${number}`) });
    const { failed, threads } = judged(row, line);
    if (failed !== undefined) throw new Error(failed);
    console.log(`${row.name}: works, threads: ${threads}, ${seconds()}`);
    return 'works';
  } catch (error) {
    const missing = error instanceof Missing;
    const what = missing ? 'MISSING, could not be installed' : 'FAILED';
    console.log(`${row.name}: ${what}, ${seconds()}: ${error.message}`);
    return missing ? 'missing' : 'failed';
  }
}

const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no row ${unknown.join(', ')}. There are: ${ROWS.map(({ name }) => name).join('; ')}`,
  );
  process.exit(2);
}
const rows = ROWS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const folders = await makeProject();
const outcomes = [];
try {
  for (const [number, row] of rows.entries()) outcomes.push(await outcomeOf(row, folders, number));
} finally {
  rmSync(folders.root, { recursive: true });
}
const forgiven = (outcome) => outcome === 'missing' && options.available;
const sound = outcomes.includes('works') && outcomes.every((one) => one === 'works' || forgiven(one));
process.exit(sound ? 0 : 1);
