// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { execFile } from 'node:child_process';
import { chmod, chown, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Config,
  configStatus,
  keyWrappers,
  loadConfig,
  trustConfig,
  untrustConfig,
} from '@weightseal/config';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const NAME = 'weightseal.config.yaml';
/** A provider that needs nothing, whose keys tell what they were given. */
const provider = (mark = 'first') =>
  `export const mine = { scheme: 'corp-kms', options: ['endpoint', 'token'],
    fromUri: (uri, given) => ({ provider: 'corp-kms', uri, given, mark: '${mark}', wrap() {}, unwrap() {} }) };`;
const EVIL = 'globalThis.ranEvil=true;';
const FILE = { 'corp.mjs': provider() };
const BY_FILE = 'providers: { corp-kms: ./corp.mjs }\nkeys: { a: "corp-kms://a" }\nopen: [a]\n';

/** Where Node has hooks: 22.15 and later. */
const hasHooks = 'registerHooks' in process.getBuiltinModule('node:module');

const importing = (body: string) => `import { createRequire } from 'node:module';
  const require = createRequire(import.meta.url);
  export const mine = { scheme: 'corp-kms', options: [], fromUri: async (uri) => {
    let all;
    ${body}
    return { provider: 'corp-kms', uri, all, wrap() {}, unwrap() {} };
  } };`;

/** In a process without the test runner, which imports in its own way. */
async function madeKey(folder: Folder, then = '', last = ''): Promise<unknown> {
  const program = `
    import fs from 'node:fs';
    import { keyWrappers, loadConfig, trustConfig } from '@weightseal/config';
    const EVIL = ${JSON.stringify(EVIL)};
    const places = ${JSON.stringify({ cwd: folder.path, env: folder.home })};
    await trustConfig(places);
    const config = await loadConfig(places);
    process.chdir(places.cwd);
    ${then}
    const { code, all } = await keyWrappers(config, [config.key('a').uri]).then(([key]) => key, (error) => error);
    ${last}
    console.log(JSON.stringify({ code, all, ranEvil: 'ranEvil' in globalThis }));`;
  const flags = ['--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname });
  return JSON.parse(stdout);
}

const options = (folder: Folder) => ({ cwd: folder.path, env: folder.home });
/** By its URI: by a name it would come in an object of ours. */
async function keyOf(config: Config, more: object = {}): Promise<object> {
  return (await keyWrappers(config, [config.key('a').uri], more))[0]!;
}

describe('keys of a provider that a configuration names', () => {
  test('by its file, from the configuration’s directory', async () => {
    await using folder = await Folder.with({ [NAME]: BY_FILE, ...FILE });
    expect(await keyOf(await folder.load({ path: NAME }))).toMatchObject({
      uri: 'corp-kms://a',
      mark: 'first',
    });
    expect(await keyOf(await folder.trusted())).toMatchObject({ mark: 'first' });
  });

  test('by its package, from there, with options and the environment in them', async () => {
    await using folder = await Folder.with({
      [NAME]:
        'deadlineMs: 7\nproviders: { corp-kms: { module: "@corp/kms", options: { endpoint: "https://${HOST}", token: [1, "${HOST}", true] } } }\nkeys: { a: "corp-kms://a" }\n',
      'node_modules/@corp/kms/package.json': '{ "type": "module", "exports": "./main.js" }',
      'node_modules/@corp/kms/main.js': provider(),
    });
    const config = await folder.load({ path: NAME, env: { HOST: 'h' } });
    const given = { endpoint: 'https://h', token: [1, 'h', true], deadlineMs: 7 };
    expect(await keyOf(config)).toMatchObject({ given });
    await expect(folder.load({ path: NAME })).rejects.toThrow(
      'providers.corp-kms.options.endpoint needs the environment',
    );
  });

  test('as a profile says', async () => {
    const text = `${BY_FILE}profiles:\n  dev: {}\n  prod: { providers: { corp-kms: { module: ./prod.mjs, options: { endpoint: e } } } }\n`;
    await using folder = await Folder.with({ [NAME]: text, ...FILE, 'prod.mjs': provider('prod') });
    const of = (profile: string) => folder.load({ path: NAME, profile });
    expect(await keyOf(await of('dev'))).toMatchObject({ mark: 'first', given: {} });
    expect(await keyOf(await of('prod'))).toMatchObject({ mark: 'prod', given: { endpoint: 'e' } });
  });

  test('get more from the program, or come from it', async () => {
    await using folder = await Folder.with({ [NAME]: BY_FILE, ...FILE, 'other.mjs': provider('other') });
    const config = await folder.load({ path: NAME });
    const more = { providers: { 'corp-kms': { options: { token: 't' } } } };
    expect(await keyOf(config, more)).toMatchObject({ mark: 'first', given: { token: 't' } });
    const other = { 'corp-kms': { module: './other.mjs', from: folder.path } };
    expect(await keyOf(config, { providers: other })).toMatchObject({ mark: 'other' });
    const given = await folder.load({ path: NAME, providers: other });
    expect(await keyOf(given)).toMatchObject({ mark: 'other' });
  });

  test('or stand in a configuration that is a program', async () => {
    const text = `import { mine } from './corp.mjs';
      const keys = { a: 'corp-kms://a' };
      export default { keys, providers: { 'corp-kms': mine }, profiles: { p: { providers: { 'corp-kms': { module: mine, options: { token: 't' } } } } } };`;
    const path = 'weightseal.config.ts';
    await using folder = await Folder.with({ [path]: text, ...FILE });
    const of = (profile?: string) => folder.load({ path, profile });
    expect(await keyOf(await of())).toMatchObject({ mark: 'first', given: {} });
    expect(await keyOf(await of('p'))).toMatchObject({ mark: 'first', given: { token: 't' } });
  });

  test('of a scheme that the program alone has a provider for', async () => {
    await using folder = await Folder.with({ [NAME]: 'keys: { a: "corp-kms://a" }', ...FILE });
    await expect(folder.load({ path: NAME })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const providers = { 'corp-kms': { module: './corp.mjs', from: folder.path } };
    expect(await keyOf(await folder.load({ path: NAME, providers }))).toMatchObject({ mark: 'first' });
  });

  test('with an option that it does not know are refused', async () => {
    const text = BY_FILE.replace('./corp.mjs', '{ module: ./corp.mjs, options: { endpiont: x } }');
    await using folder = await Folder.with({ [NAME]: text, ...FILE });
    await expect(keyOf(await folder.load({ path: NAME }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The provider "./corp.mjs" has no option "endpiont"; did you mean endpoint?',
    });
  });
});

describe('what a configuration that was only found would run', () => {
  test('is not run before it is trusted', async () => {
    const ran = 'globalThis.ranUntrusted = true;';
    await using folder = await Folder.with({ [NAME]: BY_FILE, 'corp.mjs': `${ran}${provider()}` });
    await expect(loadConfig(options(folder))).rejects.toMatchObject({ code: 'CONFIG_UNTRUSTED' });
    await configStatus(options(folder));
    await trustConfig(options(folder));
    await folder.load();
    expect(globalThis).not.toHaveProperty('ranUntrusted');
    await keyOf(await folder.load());
    expect(globalThis).toHaveProperty('ranUntrusted');
  });

  test('is told, with what the file is', async () => {
    const text = `${BY_FILE}profiles: { prod: { providers: { corp-kms: "@corp/kms" } } }`;
    await using folder = await Folder.with({ [NAME]: text, ...FILE });
    const status = await trustConfig(options(folder));
    expect(status.summary?.code).toEqual([
      { module: './corp.mjs', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { module: '@corp/kms', sha256: undefined },
    ]);
    expect(status.summary?.layers[1]?.providers).toEqual([
      { scheme: 'corp-kms', module: '@corp/kms', options: undefined },
    ]);
  });

  test('ends the trust when it changes, and has it again as it was', async () => {
    await using folder = await Folder.with({ [NAME]: BY_FILE, ...FILE });
    const config = await folder.trusted();
    await folder.write('corp.mjs', provider('changed'));
    const refused = {
      code: 'CONFIG_UNTRUSTED',
      message: expect.stringContaining('it runs the provider "./corp.mjs", which is not what it was'),
    };
    await expect(folder.load()).rejects.toMatchObject(refused);
    // Loaded before it changed, and used after.
    await expect(keyOf(config)).rejects.toMatchObject({ code: 'CONFIG_UNTRUSTED' });
    expect(await configStatus(options(folder))).toMatchObject({ status: 'untrusted', refusal: refused });
    expect(await keyOf(await folder.load({ path: NAME }))).toMatchObject({ mark: 'changed' });
    await folder.write('corp.mjs', provider());
    expect((await folder.load()).keys.size).toBe(1);
    expect(await configStatus(options(folder))).toMatchObject({ status: 'trusted' });
    await folder.write('corp.mjs', provider('changed'));
    await folder.trusted();
    await folder.write('corp.mjs', provider());
    await expect(folder.load()).rejects.toMatchObject(refused);
  });

  test.for<[string, string]>([
    ['imports', "import { mark } from './lib/mark.mjs';"],
    ['imports later', "const { mark } = await import('./lib/mark.mjs');"],
    ['requires', "const { mark } = require('./lib/mark')"],
    ['imports by another', "import { mark } from './lib/index.mjs';"],
  ])('so does a file that it %s', async ([, line]) => {
    await using folder = await Folder.with({
      [NAME]: BY_FILE,
      'corp.mjs': `${line}\n${provider()}`,
      'lib/index.mjs': "export * from './mark.mjs';",
      'lib/mark.mjs': 'export const mark = 1;',
      'lib/mark.js': 'exports.mark = 1;',
    });
    await folder.trusted();
    for (const name of ['mark.mjs', 'mark.js']) await folder.write(`lib/${name}`, '// changed');
    await expect(folder.load()).rejects.toMatchObject({
      code: 'CONFIG_UNTRUSTED',
      message: expect.stringMatching(/lib\/mark\.m?js", which is not what it was/),
    });
  });

  /** What a provider does when its key is made, what else there is, and what is done once the configuration is loaded. */
  const CASES: [string, string, Record<string, string>, string?][] = [
    [
      'is another by a link',
      "import('./http.mjs')",
      { 'http.mjs': '', 'evil.mjs': EVIL },
      "fs.rmSync('http.mjs'); fs.symlinkSync('evil.mjs', 'http.mjs');",
    ],
    [
      'changes before it is imported at last',
      "import('./lazy.mjs')",
      { 'lazy.mjs': '' },
      "fs.writeFileSync('lazy.mjs', EVIL);",
    ],
    [
      'has come to stand before another',
      "require('./esc')",
      { 'esc/index.js': '' },
      "fs.writeFileSync('esc.js', EVIL);",
    ],
    [
      'is asked for with a query',
      "import('./http.mjs?v=1')",
      { 'http.mjs': '' },
      "fs.writeFileSync('http.mjs', EVIL);",
    ],
    ...['package.json', 'README.md', '', 'nothing.js'].map(
      (name): [string, string, Record<string, string>, string] => [
        `is asked for as if by ./${name}`,
        `createRequire(new URL('./${name}', import.meta.url))('./in.js')`,
        { 'in.js': '', 'evil.js': EVIL, 'package.json': '{}', 'README.md': '' },
        "fs.rmSync('in.js'); fs.symlinkSync('evil.js', 'in.js');",
      ],
    ),
    ...['', 'nothing.js', 'deep/'].map((name): [string, string, Record<string, string>] => [
      `is asked for as if from below, by ./more/${name}`,
      `createRequire(new URL('./more/${name}', import.meta.url))('./in.js')`,
      { 'more/in.js': EVIL, 'more/deep/in.js': EVIL },
    ]),
    ['is named by a URL', "import('file://HERE/in.mjs')", { 'in.mjs': EVIL }],
    ['is data', `import('data:text/javascript,${EVIL}')`, {}],
    ...(
      [
        ['./pk', { 'pk/package.json': '{ "main": "main.js" }', 'pk/main.js': EVIL }],
        ['./data.txt', { 'data.txt': EVIL }],
        ['./noext', { noext: EVIL }],
        ['./\\x65sc.js', { 'esc.js': EVIL }],
        ['#in', { 'package.json': '{ "imports": { "#in": "./in.js" } }', 'in.js': EVIL }],
        ['@corp/self', { 'package.json': '{ "name": "@corp/self", "exports": "./in.js" }', 'in.js': EVIL }],
        ['@corp/kms/../../../in.js', { 'in.js': EVIL, 'node_modules/@corp/kms/x.js': '' }],
        ['./native.node', { 'native.node': EVIL }],
        ['HERE/in.js', { 'in.js': EVIL }],
      ] satisfies [string, Record<string, string>][]
    ).map(([name, files]): [string, string, Record<string, string>] => [
      `nobody foresaw: ${name}`,
      `require('${name}')`,
      files,
    ]),
  ];
  test.runIf(hasHooks).for(CASES)('nor is one run that %s', async ([, does, files, then = '']) => {
    await using folder = await Folder.with({ [NAME]: BY_FILE, ...files });
    const body = `await ${does.replaceAll('HERE', folder.path)};`;
    await folder.write('corp.mjs', importing(body));
    expect(await madeKey(folder, then)).toEqual({ code: 'CONFIG_UNTRUSTED', ranEvil: false });
  });

  test.runIf(hasHooks && process.geteuid?.() === 0)('nor a package that another user has', async () => {
    await using folder = await Folder.with({
      [NAME]: BY_FILE,
      'corp.mjs': importing("all = require('opt');"),
      'node_modules/opt/index.js': EVIL,
    });
    await chown(join(folder.path, 'node_modules/opt/index.js'), 4321, 4321);
    expect(await madeKey(folder)).toEqual({ code: 'CONFIG_UNTRUSTED', ranEvil: false });
  });

  test.runIf(hasHooks && process.platform !== 'win32').for(['', 'opt', 'opt/lib', 'opt/lib/index.js'])(
    'nor a package that others can change: node_modules/%s',
    async (open) => {
      await using folder = await Folder.with({
        [NAME]: BY_FILE,
        'corp.mjs': importing("all = require('opt');"),
        'node_modules/opt/package.json': '{ "main": "lib/index.js" }',
        'node_modules/opt/lib/index.js': 'module.exports = 7',
      });
      expect(await madeKey(folder)).toMatchObject({ all: 7 });
      await chmod(join(folder.path, 'node_modules', open), 0o777);
      expect(await madeKey(folder)).toEqual({ code: 'CONFIG_UNTRUSTED', ranEvil: false });
    },
  );

  test.runIf(hasHooks)(
    'imports its own files, Node’s modules and packages, also of a workspace, early and late',
    async () => {
      await using folder = await Folder.with({
        [NAME]: BY_FILE,
        'corp.mjs': `import { a } from './lib/a.mjs?v=1';
        import { kept } from '@corp/kept';
        ${importing(`
          const { late } = await import('./late.mjs');
          const { pack } = await import('linked/main.mjs');
          all = [a, kept, late, pack, require('./old'), require('kept/').a, require('node:os') === require('os')];`)}`,
        'lib/a.mjs': "import { b } from './b.cjs'; export const a = b;",
        'lib/b.cjs': "exports.b = require('./b.json')[0];",
        'lib/b.json': '["b"]',
        'late.mjs': "import './lib/a.mjs'; export const late = 'late';",
        'old/index.js': "module.exports = 'old';",
        'node_modules/@corp/kept/package.json': '{ "type": "module", "exports": "./main.js" }',
        'node_modules/@corp/kept/main.js': "export { kept } from './more.js';",
        'node_modules/@corp/kept/more.js': "export const kept = 'kept';",
        'node_modules/kept/index.js': "exports.a = 'kept/';",
        'packages/linked/main.mjs': "export const pack = 'linked';",
      });
      await symlink('../packages/linked', join(folder.path, 'node_modules/linked'));
      expect(await madeKey(folder)).toMatchObject({
        all: ['b', 'kept', 'late', 'linked', 'old', 'kept/', true],
      });
    },
  );

  test('is found in the entry of that configuration alone, and goes with it', async () => {
    await using folder = await Folder.with({ [NAME]: BY_FILE, ...FILE });
    await trustConfig(options(folder));
    const trust = join(folder.home['HOME']!, '.local/state/weightseal/trust');
    const [entry = ''] = await readdir(trust);
    expect(JSON.parse(await readFile(join(trust, entry), 'utf8'))).toMatchObject({
      files: { './corp.mjs': expect.any(String) },
    });
    expect(untrustConfig(options(folder)).removed).toBe(1);
    expect(await readdir(trust)).toEqual([]);
  });

  test.runIf(process.platform !== 'win32')(
    'is refused where others can write to it, and where it is not there',
    async () => {
      await using folder = await Folder.with({ [NAME]: BY_FILE, ...FILE });
      const path = join(folder.path, 'corp.mjs');
      await chmod(path, 0o666);
      const refused = {
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('can be written to by everybody'),
      };
      await expect(trustConfig(options(folder))).rejects.toMatchObject(refused);
      expect(await configStatus(options(folder))).toMatchObject({ status: 'untrusted', problem: refused });
      expect(await keyOf(await folder.load({ path: NAME }))).toMatchObject({ mark: 'first' });
      await rm(path);
      await expect(trustConfig(options(folder))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
      await expect(keyOf(await folder.load({ path: NAME }))).rejects.toMatchObject({
        code: 'PROVIDER_MISSING',
      });
      await symlink('/etc/hostname', path);
      await expect(trustConfig(options(folder))).resolves.toMatchObject({ status: 'trusted' });
    },
  );
});
