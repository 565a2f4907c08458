// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { chmod, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
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
const FILE = { 'corp.mjs': provider() };
const BY_FILE = 'providers: { corp-kms: ./corp.mjs }\nkeys: { a: "corp-kms://a" }\nopen: [a]\n';

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
