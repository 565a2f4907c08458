// Type-checks the programs in the READMEs and the guides under `strict`: each block of JavaScript or TypeScript is a module, which stands beside the
// others of its document, under the name that its first line says (`// corp-kms.ts`). What it takes for granted stands in comments before it, which
// no reader sees: <!-- given: declare const keys: KeyWrapper[]; -->, and for a module that it imports <!-- given corp-key.ts: export … -->.
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const GIVEN = /<!-- given(?: ([\w./-]+))?:\s([\s\S]*?)-->\n\s*/g;
const BLOCK = /^((?:<!-- given[\s\S]*?-->\n\s*)*)```(?:js|ts)\n([\s\S]*?)^```/gm;
/** The same ones, however they are written: what the expression above would pass over. */
const FENCE = /^[ >]*(?:```+|~~~+) *(?:[cm]?[jt]sx?|javascript|typescript)\b/gim;
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync(['packages/*/README.md', 'docs/**/*.md']).sort(),
];
/** A document of no package, and one whose example is about another package: where what it imports is installed. */
const ELSEWHERE = { 'packages/fault-proxy/README.md': 'packages/kms-aws' };
const home = 'examples/node-api';

const scratches = new Set();
const files = new Set();

/** Where Node would find what the document imports. */
function directoryOf(document) {
  const where = ELSEWHERE[document] ?? (document.startsWith('packages/') ? dirname(document) : home);
  const scratch = join(where, '.cache', 'snippets');
  scratches.add(scratch);
  return join(scratch, document.replaceAll('/', '-'));
}

function write(file, text) {
  if (files.has(file)) throw new Error(`${file}: two blocks have that name`);
  files.add(file);
  writeFileSync(file, text);
}

/** @returns how many blocks it has */
function extract(document) {
  const text = readFileSync(document, 'utf8');
  const blocks = [...text.matchAll(BLOCK)];
  const fences = text.match(FENCE)?.length ?? 0;
  if (fences !== blocks.length)
    throw new Error(
      `${document}: of ${fences} blocks of code ${blocks.length} begin with \`\`\`js or \`\`\`ts`,
    );
  if (blocks.length === 0) return 0;
  const directory = directoryOf(document);
  mkdirSync(directory, { recursive: true });
  for (const { 0: whole, 1: comments, 2: code, index } of blocks) {
    // So that the compiler tells the lines of the document.
    const above = text.slice(0, index + whole.length - code.length - '```'.length).split('\n').length - 1;
    const name = /^\/\/ ([\w.-]+)\.[cm]?[jt]s$/m.exec(code.split('\n')[0])?.[1] ?? `line-${above + 1}`;
    const given = [];
    for (const [, module, declarations] of comments.matchAll(GIVEN))
      if (module === undefined) given.push(declarations);
      else write(join(directory, module), declarations);
    write(join(directory, `${name}.ts`), ['\n'.repeat(above) + code, ...given, 'export {};\n'].join('\n'));
  }
  return blocks.length;
}

const clean = () => {
  for (const scratch of scratches) rmSync(scratch, { recursive: true, force: true });
};
try {
  for (const document of DOCUMENTS) directoryOf(document);
  clean();
  const counts = DOCUMENTS.map(extract);
  const blocks = counts.reduce((sum, count) => sum + count, 0);
  if (blocks === 0)
    throw new Error(
      'no document has a block of JavaScript or TypeScript: is it still looked for as it is written?',
    );
  const config = {
    extends: '../../../../tsconfig.json',
    compilerOptions: {
      // An example need not use all that it names.
      noUnusedLocals: false,
      noUnusedParameters: false,
      // Beyond `strict`: what a reader's project need not have, and an example would be longer for.
      noUncheckedIndexedAccess: false,
      noPropertyAccessFromIndexSignature: false,
      exactOptionalPropertyTypes: false,
      // An example has more of ours installed than the package that it shows.
      paths: { '@weightseal/*': ['../../../../packages/*/dist/index.d.ts'] },
    },
    include: [],
    files: [...files].map((file) => join('..', '..', '..', '..', file)),
  };
  const scratch = join(home, '.cache', 'snippets');
  mkdirSync(scratch, { recursive: true });
  const path = join(scratch, 'tsconfig.json');
  writeFileSync(path, JSON.stringify(config));
  execFileSync('pnpm', ['-s', 'exec', 'tsc', '--noEmit', '-p', path], { stdio: 'inherit' });
  console.log(`documents: ${blocks} programs of ${counts.filter(Boolean).length} documents type-check`);
} catch (error) {
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  clean();
}
