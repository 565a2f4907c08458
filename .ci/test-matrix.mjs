// Runs the tests on each Node version that we support. The binaries come from the npm registry.
import { execFileSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { installNode, VERSIONS } from './node-binaries.mjs';

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
  const node = installNode(version);
  // Tests that say nothing of the version run once, in `pnpm test`.
  const env = {
    ...process.env,
    WEIGHTSEAL_MATRIX: '1',
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  };
  console.log(`\n== Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
  execFileSync(node, [vitest, 'run', '--project', 'unit', '--project', 'vectors', '--project', 'system'], {
    stdio: 'inherit',
    env,
  });
}
