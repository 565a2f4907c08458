import { environment } from './environment.ts';
import { type Options, parseOptions } from './options.ts';
import { keep, renderDocument } from './report/store.ts';
import { renderText } from './report/text.ts';
import { met, type Result } from './result.ts';
import { isTmpfs, Scratch } from './scratch.ts';
import { Bench, Skipped } from './suite.ts';
import { SUITES } from './suites/index.ts';
import { CACHE } from './tools/peer.ts';
import { Weightseal } from './tools/weightseal.ts';

const MEMORY = '/dev/shm';
const NAMES = SUITES.map(({ name }) => name);

async function main(options: Options): Promise<void> {
  if (options.render) return renderDocument(NAMES);
  if (process.platform !== 'linux' || !isTmpfs(MEMORY)) {
    throw new Error(`The benchmark measures on Linux, in the tmpfs at ${MEMORY}; this machine has none.`);
  }
  const results = await measure(options);
  if (options.write) renderDocument(NAMES);
  if (options.json) console.log(JSON.stringify(results, undefined, 2));
  const checks = results.flatMap((result) => result.checks);
  const missed = checks.filter((check) => !met(check)).length;
  process.stderr.write(`\n${checks.length - missed} of ${checks.length} targets are met.\n`);
}

async function measure(options: Options): Promise<Result[]> {
  using scratch = new Scratch(MEMORY);
  using disk = new Scratch(`${CACHE}/work`);
  const weightseal = await Weightseal.create(`${scratch.keep('keys')}/model.key`);
  const bench = new Bench(options, scratch, disk, weightseal);
  const machine = await environment();
  const results: Result[] = [];
  for (const { name, title, run } of SUITES) {
    if (options.only && !options.only.includes(name)) continue;
    bench.log(`${name} …`);
    try {
      const result = { name, title, environment: machine, ...(await run(bench)) };
      results.push(result);
      if (options.write) keep(result);
      if (!options.json) console.log(renderText(result));
    } catch (error) {
      bench.log(`  left out: ${(error as Error).message}`);
      // What does not fit here is no failure; the others are worth measuring after either.
      if (!(error instanceof Skipped)) process.exitCode = 1;
    } finally {
      scratch.clear();
      disk.clear();
    }
  }
  return results;
}

try {
  await main(parseOptions(process.argv.slice(2), NAMES));
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}
