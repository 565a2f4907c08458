// Runs the tests on each Node version that we support.
import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { installNode, VERSIONS } from './node-binaries.mjs';

const wanted = process.argv.slice(2);

/** What a version of Node does not change runs once, in `pnpm test`: all but files, ciphers, streams, threads, processes and requests. */
const SAME_ON_EVERY_NODE = [
  // Texts, and the grammars and tables that are functions of text.
  'packages/config/test/{check-json,docs,glob,interpolate,mistakes,profiles,rules,texts}.test.ts',
  'packages/cli/test/{check-key,docs,rotate,terminal-line,transcripts,units}.test.ts',
  'packages/core/test/{context,errors,key-uri,nearest}.test.ts',
  'packages/keys/test/docs.test.ts',
  'packages/release/test/{bundle,statement,trust-every-byte}.test.ts',
  'packages/transit/test/names.test.ts',
  'packages/serve/test/{examples,pure}.test.ts',
  'packages/loader/test/{machine-memory,safetensors-header,safetensors-hostile}.test.ts',
  // Providers: their contracts and wires stay.
  'packages/kms-*/test/{errors,faults*,fits,key-name,live,management,operate,scrub,structures,uri,versions}.test.ts',
  'packages/{fault-proxy,kms-contract,store-contract}/test/**',
  'packages/kms-local/test/passphrase-contract.test.ts',
  // Judgements of what others have said, and how they are told.
  'packages/storage-audit/test/{azure,configure,directory,gcs,objects,policy,report}/**/*.test.ts',
  'packages/cli/test/{audit-clouds,audit-state,storage-configure-clouds}.test.ts',
  'packages/bench/test/**',
  // Thousands of cases of the format's own code.
  'packages/core/test/{fuzz,mutations}.test.ts',
  'packages/core/test-system/torn-write.test.ts',
  // What goes on where something was cut off, at each of its steps: the steps are tested by others.
  'packages/core/test/{bundle-resume,bundle-reseal-resume}.test.ts',
  'packages/core/test/stored/{partial,plan,resumed}.test.ts',
  // What the kernel does with killed processes, other users and small machines.
  'packages/*/test-system/kill.test.ts',
  'packages/core/test-system/bundle-kill.test.ts',
  'packages/cli/test-system/fleet.test.ts',
  'packages/loader/test-system/{left-behind,other-user,poor-machines,shortage}.test.ts',
];
/** The patterns of a pattern with braces: each must name a file. */
function expanded(pattern) {
  const [braces, alternatives] = /\{([^{}]*)\}/.exec(pattern) ?? [];
  if (braces === undefined) return [pattern];
  return alternatives.split(',').flatMap((one) => expanded(pattern.replace(braces, () => one)));
}
const stale = SAME_ON_EVERY_NODE.flatMap(expanded).filter((pattern) => globSync(pattern).length === 0);
if (stale.length > 0) throw new Error(`These name no file: ${stale.join(', ')}`);
const same = new Set(globSync(SAME_ON_EVERY_NODE));
const files = globSync(['packages/*/test/**/*.test.ts', 'packages/*/test-system/**/*.test.ts']).filter(
  (file) => !same.has(file),
);

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
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  console.log(
    `\n== ${files.length} files on Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`,
  );
  execFileSync(node, [vitest, 'run', ...files], { stdio: 'inherit', env });
}
