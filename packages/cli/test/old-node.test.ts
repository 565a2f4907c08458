import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PROGRAM, Sandbox } from './support/cli.js';

interface Esbuild {
  transform(
    code: string,
    options: { format: 'esm'; target: string; supported: Record<string, boolean> },
  ): Promise<{ code: string }>;
}

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
const needed = await readFile(new URL('../package.json', import.meta.url), 'utf8').then(
  (text) => (JSON.parse(text) as { engines: { node: string } }).engines.node,
);

/** What an older Node lacks, and what it says of itself. */
const AS_OLD = (version: string) =>
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } }); process.getBuiltinModule = undefined;`;

describe('a Node that is too old', () => {
  test.for(['14.21.3', '16.20.2', '20.19.0', '22.11.0'])(
    '%s is told which is needed, and nothing else',
    async (version) => {
      await using sandbox = await Sandbox.create();
      await sandbox.run(`printf '%s' "${AS_OLD(version)}" > old.cjs`);
      const old = `NODE_OPTIONS='--require ./old.cjs'`;
      const { stdout, stderr, code } = await sandbox.run(`${old} weightseal --version`);
      expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
      expect(stderr).toBe(
        `weightseal: This is Node ${version}, and weightseal needs ${needed.replace('>=', '')} or newer. Install one, or put it first on the PATH.\n`,
      );
      const json = await sandbox.run(`${old} weightseal seal --json`);
      expect(JSON.parse(json.stderr)).toMatchObject({ error: { class: 'usage' } });
    },
  );

  test('that is just new enough works', async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.run(
      `printf '%s' "${AS_OLD(needed.replace('>=', '').concat('.0')).replace(/process\.getB.*/, '')}" > old.cjs`,
    );
    expect(await sandbox.run(`NODE_OPTIONS='--require ./old.cjs' weightseal --version`)).toMatchObject({
      code: 0,
    });
  });

  test('can read the program: it has no syntax that Node 14.8 lacks', async () => {
    const { transform } = createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild') as Esbuild;
    const code = await readFile(bin, 'utf8');
    // Node 14 has it; esbuild thinks of a rare fault in it, which was mended later.
    const supported = { 'optional-chain': true };
    const as = (target: string) => transform(code, { format: 'esm', target, supported });
    expect((await as('node14.8')).code).toBe((await as('esnext')).code);
  });
});

test('the program starts as it is', async () => {
  expect(await promisify(execFile)('sh', ['-c', `${PROGRAM} --version`])).toMatchObject({ stderr: '' });
});
