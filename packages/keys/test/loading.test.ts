import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const PROVIDER = /\/packages\/(kms-[a-z0-9]+)\//;
const SDK = /@aws-sdk|@smithy|@google-cloud|google-gax|@grpc|@azure|koffi/;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'weightseal-loading-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** Every script that a process has evaluated, of whatever kind, as V8 itself counts them. */
async function scriptsOf(source: string): Promise<string[]> {
  const coverage = await mkdtemp(join(scratch, 'coverage-'));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  await run(process.execPath, ['--input-type=module', '-e', source], { cwd: here, env });
  const reports = await Promise.all(
    (await readdir(coverage)).map((file) => readFile(join(coverage, file), 'utf8')),
  );
  return reports.flatMap((report) =>
    (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
}

async function providersOf(source: string): Promise<string[]> {
  const scripts = await scriptsOf(source);
  expect(scripts.filter((url) => SDK.test(url))).toEqual([]);
  return [...new Set(scripts.flatMap((url) => PROVIDER.exec(url)?.[1] ?? []))];
}

describe('a provider is loaded when one of its keys is named, and no SDK even then', () => {
  const keys = "import { keyFromUri } from '@weightseal/keys';";

  test('none at first', async () => {
    expect(await providersOf(keys)).toEqual([]);
  });

  test('for a local key the local one alone', async () => {
    expect(await providersOf(`${keys} await keyFromUri('local:k');`)).toEqual(['kms-local']);
  });

  test('for a key of AWS that one alone', async () => {
    expect(await providersOf(`${keys} await keyFromUri('aws-kms://alias/a?region=eu-west-1');`)).toEqual([
      'kms-aws',
    ]);
  });
});

describe('where a package is missing', () => {
  /** What `npm install @weightseal/keys` would leave, and a provider package as the test wants it. */
  async function install(provider?: string): Promise<string> {
    const root = await mkdtemp(join(scratch, 'installed-'));
    const packages = fileURLToPath(new URL('../../', import.meta.url));
    for (const name of ['core', 'keys', 'kms-local']) {
      const target = join(root, 'node_modules/@weightseal', name);
      await cp(join(packages, name, 'dist'), join(target, 'dist'), { recursive: true });
      await cp(join(packages, name, 'package.json'), join(target, 'package.json'));
    }
    if (provider !== undefined) {
      const target = join(root, 'node_modules/@weightseal/kms-aws');
      await mkdir(target, { recursive: true });
      await writeFile(join(target, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
      await writeFile(join(target, 'index.js'), provider);
    }
    return root;
  }

  async function failure(root: string): Promise<{ code: string; message: string; cause: string }> {
    const source = `
      import { keyFromUri } from '@weightseal/keys';
      await keyFromUri('aws-kms://alias/a').catch(({ code, message, cause }) =>
        console.log(JSON.stringify({ code, message, cause: cause?.message })));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', source], { cwd: root });
    return JSON.parse(stdout);
  }

  test('the command that installs it is told', async () => {
    expect(await failure(await install())).toMatchObject({
      code: 'PROVIDER_MISSING',
      message: expect.stringContaining('`npm install @weightseal/kms-aws`'),
    });
  });

  test('a provider that lacks a package of its own is not taken for one that is missing', async () => {
    const root = await install("import '@aws-sdk/client-kms';");
    expect(await failure(root)).toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('@weightseal/kms-aws is installed and does not load'),
      cause: expect.stringContaining("'@aws-sdk/client-kms'"),
    });
  });

  test.each([
    [
      "Object.assign(new Error('x: too many open files'), { code: 'ERR_INVALID_PACKAGE_CONFIG' })",
      'ulimit -n',
    ],
    ["Object.assign(new Error('EMFILE: no, open'), { code: 'EMFILE' })", 'ulimit -n'],
    [
      "Object.assign(new Error('no'), { code: 'ERR_ACCESS_DENIED', permission: 'FileSystemRead' })",
      '--allow-fs-read',
    ],
    ["new RangeError('Array buffer allocation failed')", 'memory'],
    ["Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })", 'dmesg'],
  ])('nor is it one that is broken where the machine refuses: %s', async (thrown, word) => {
    const root = await install(`throw ${thrown};`);
    const { code, message } = await failure(root);
    expect([code, message]).toEqual(['IO_ERROR', expect.stringContaining(word)]);
    expect(message).toContain('@weightseal/kms-aws');
    expect(message).not.toContain('npm install');
  });

  test('a file of it that is missing is for the package manager', async () => {
    const root = await install("throw Object.assign(new Error('ENOENT: no'), { code: 'ENOENT' });");
    expect(await failure(root)).toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('npm install'),
    });
  });

  test.runIf(process.allowedNodeEnvironmentFlags.has('--permission'))(
    'where Node may not read it, the flag is told (on a Node with --permission)',
    async () => {
      const root = await install('export const other = 1;');
      const modules = join(root, 'node_modules/@weightseal');
      const source = join(root, 'ask.mjs');
      await writeFile(
        source,
        "import { keyFromUri } from '@weightseal/keys'; await keyFromUri('aws-kms://alias/a').catch(({ code, message }) => console.log(code, message));",
      );
      const readable = [
        source,
        join(root, 'package.json'),
        ...['core', 'keys', 'kms-local'].map((name) => join(modules, name, '/')),
      ];
      const flags = ['--no-warnings', '--permission', ...readable.map((path) => `--allow-fs-read=${path}`)];
      const { stdout } = await run(process.execPath, [...flags, source], { cwd: root });
      expect(stdout).toMatch(/^IO_ERROR .*--allow-fs-read/);
    },
  );

  test('nor is one of a version that has no such keys', async () => {
    const root = await install('export const other = 1;');
    expect(await failure(root)).toMatchObject({ code: 'INTERNAL', cause: 'It has no keys of aws-kms:' });
  });

  test('nor is one that fails when it starts', async () => {
    const root = await install("throw new Error('broken');");
    expect(await failure(root)).toMatchObject({ code: 'INTERNAL', cause: 'broken' });
  });
});
