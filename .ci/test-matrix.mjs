// Runs the tests on each Node version that we support.
import { execFileSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installNode } from './node-versions.mjs';

const VERSIONS = ['22', '24', '26'];
const wanted = process.argv.slice(2);

// pnpm puts the workspace's own Node first on the path; vitest is started by the version under test instead.
const vitest = realpathSync(
  join(
    'node_modules',
    'vitest',
    readdirSync(join('node_modules', 'vitest')).find((file) => file === 'vitest.mjs'),
  ),
);
for (const version of wanted.length > 0 ? wanted : VERSIONS) {
  const bin = installNode(version);
  // Tests that say nothing of the version run once, in `pnpm test`.
  const env = { ...process.env, WEIGHTSEAL_MATRIX: '1', PATH: `${bin}${delimiter}${process.env.PATH}` };
  const node = join(bin, 'node');
  console.log(`\n== Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
  execFileSync(node, [vitest, 'run', '--project', 'unit', '--project', 'vectors', '--project', 'system'], {
    stdio: 'inherit',
    env,
  });
}
