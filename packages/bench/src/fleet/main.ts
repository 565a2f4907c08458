import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { withBlock } from '../report/block.ts';
import { renderTable } from './report.ts';
import { SEED, scenarios } from './scenarios.ts';
import { simulate } from './simulate.ts';

const DOCUMENT = new URL('../../../../docs/peer-to-peer.md', import.meta.url);
const START = '<!-- simulation: written by `pnpm fleet --write` -->';
const END = '<!-- end of simulation -->';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const results = scenarios().map((scenario) => {
  process.stderr.write(`${scenario.title} …\n`);
  return { scenario, outcome: simulate(scenario.fleet, SEED) };
});
const rendered = renderTable(results);
console.log(rendered);
if (values.write) writeFileSync(DOCUMENT, withBlock(readFileSync(DOCUMENT, 'utf8'), START, END, rendered));
