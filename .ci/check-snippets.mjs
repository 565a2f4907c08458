// Compiles the TypeScript of every package's README, and of ours, as strictly as the workspace itself. A block stands for a file. What it takes for
// granted stands in a comment before it, which npm does not show: <!-- given: declare const keys: KeyWrapper[]; -->
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = /(?:^<!-- given:\s([\s\S]*?)-->\n\s*)?^```ts\n([\s\S]*?)^```/gm;
/** Where the packages that our own README imports are installed. */
const sources = [{ readme: 'README.md', directory: 'examples/node-api' }];
for (const name of readdirSync('packages')) {
  const directory = `packages/${name}`;
  const { private: internal } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!internal) sources.push({ readme: join(directory, 'README.md'), directory });
}

const files = [];
const scratch = ({ directory }) => join(directory, '.cache', 'snippets');
try {
  for (const source of sources) {
    const text = readFileSync(source.readme, 'utf8');
    mkdirSync(scratch(source), { recursive: true });
    for (const { 1: given = '', 2: code, index } of text.matchAll(BLOCK)) {
      const line = text.slice(0, index).split('\n').length;
      const file = join(scratch(source), `line-${line}.ts`);
      writeFileSync(file, `${given}\n${code}\nexport {};\n`);
      files.push(file);
    }
  }
  const config = {
    extends: '../../../../tsconfig.json',
    // An example need not use all that it names.
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      // An example has more of ours installed than the package that it shows.
      paths: { '@weightseal/*': ['../../../../packages/*/dist/index.d.ts'] },
    },
    include: [],
    files: files.map((file) => join('..', '..', '..', '..', file)),
  };
  const path = join(scratch(sources[0]), 'tsconfig.json');
  writeFileSync(path, JSON.stringify(config));
  execFileSync('pnpm', ['-s', 'exec', 'tsc', '--noEmit', '-p', path], { stdio: 'inherit' });
  console.log(`READMEs: ${files.length} blocks of TypeScript compile`);
} catch (error) {
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  for (const source of sources) rmSync(scratch(source), { recursive: true, force: true });
}
