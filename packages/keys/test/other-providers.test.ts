import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { defineProvider, type KeyWrapper } from '@weightseal/core';
import { keyFromUri, keysFromUris, type ProviderInput } from '@weightseal/keys';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

let root: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'weightseal-providers-')));
});
afterAll(() => rm(root, { recursive: true }));

const key = (uri: string, more: object = {}): KeyWrapper => ({
  provider: 'corp-kms',
  uri,
  wrap: () => Promise.reject(new Error('not asked here')),
  unwrap: () => Promise.reject(new Error('not asked here')),
  ...more,
});
const corp = defineProvider<{ endpoint?: string; token?: string }>({
  scheme: 'corp-kms',
  options: ['endpoint', 'token'],
  fromUri: (uri, options) => key(uri, { options }),
});
const URI = 'corp-kms://models';
const from = (given: unknown, more: object = {}) =>
  keyFromUri(URI, { providers: { 'corp-kms': given as ProviderInput }, ...more });

/** What a module of a provider says, that needs nothing. */
const source = (body = "({ provider: 'corp-kms', uri, given, wrap() {}, unwrap() {} })") =>
  `export const mine = { scheme: 'corp-kms', options: ['endpoint'], fromUri: (uri, given) => ${body} };`;

async function file(text: string, name = 'corp-kms.mjs'): Promise<string> {
  const path = join(await mkdtemp(join(root, 'file-')), name);
  await writeFile(path, text);
  return path;
}

/** A directory in which a package is installed. */
async function installed(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(root, 'installed-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return directory;
}

describe('keys of a scheme that is not ours come from', () => {
  test.for<[string, unknown]>([
    ['what defineProvider made', corp],
    ['a module that exports it', { provider: corp, other: 3 }],
    ['a module of CommonJS', { default: { provider: corp } }],
    ['a function', (uri: string) => key(uri)],
    ['any of these as `module`', { module: corp }],
  ])('%s', async ([, given]) => {
    expect(await from(given)).toMatchObject({ provider: 'corp-kms', uri: URI });
  });

  test('a file, by its path from a directory', async () => {
    const path = await file(source());
    expect(await from(path)).toMatchObject({ uri: URI });
    expect(await from({ module: './corp-kms.mjs', from: dirname(path) })).toMatchObject({ uri: URI });
  });

  test('a package, found from a directory: by what it exports to `import` alone, too', async () => {
    const directory = await installed({
      '@corp/kms/package.json': '{ "type": "module", "exports": { "import": "./main.js", "types": "./x" } }',
      '@corp/kms/main.js': source(),
    });
    const below = join(directory, 'a', 'b');
    await mkdir(below, { recursive: true });
    expect(await from({ module: '@corp/kms', from: below })).toMatchObject({ uri: URI });
    expect(await from({ module: '@corp/kms', from: ['/', below] })).toMatchObject({ uri: URI });
  });

  test('beside keys of ours, each in its place', async () => {
    const keys = await keysFromUris(['local:k', URI, 'passphrase:'], { providers: { 'corp-kms': corp } });
    expect(keys.map(({ provider }) => provider)).toEqual(['local', 'corp-kms', 'passphrase']);
  });
});

describe('a provider gets', () => {
  test('its options, and what is said of all keys where it knows that', async () => {
    const given = { module: corp, options: { endpoint: 'https://kms' } };
    const common = {
      deadlineMs: 7,
      allowKeyOfOthers: true,
      directory: '/',
      prompt: async () => Buffer.from(''),
    };
    expect(await from(given, common)).toMatchObject({ options: { endpoint: 'https://kms', deadlineMs: 7 } });
    const knowing = defineProvider<{ allowKeyOfOthers?: boolean; formerUris?: string[] }>({
      scheme: 'corp-kms',
      options: ['allowKeyOfOthers', 'formerUris'],
      fromUri: (uri, options) => key(uri, { options }),
    });
    expect(await from(knowing, { allowKeyOfOthers: true, formerUris: ['corp-kms://a'] })).toMatchObject({
      options: { allowKeyOfOthers: true, formerUris: ['corp-kms://a'] },
    });
  });

  test.for<[string, unknown, object, string]>([
    ['misspelt', { module: corp, options: { endpiont: 1 } }, {}, '"endpiont"; did you mean endpoint?'],
    [
      'of nobody',
      { module: corp, options: { colour: 1 } },
      {},
      '"colour"; known are endpoint, token, deadlineMs.',
    ],
    ['for a function', { module: key, options: { endpoint: 1 } }, {}, '"endpoint"; known are deadlineMs.'],
    ['of ours that it does not know', corp, { formerUris: ['corp-kms://a'] }, '"formerUris"'],
    ['in a list', { module: corp, options: ['endpoint'] }, {}, '"0"'],
  ])('no option that it does not know: %s', async ([, given, more, said]) => {
    await expect(from(given, more)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(said),
    });
  });
});

describe('a scheme of ours', () => {
  test.for<[string, unknown]>([
    ['local', '@corp/kms'],
    ['vault', './mine.mjs'],
    ['aws-kms', corp],
    ['gcp-kms', key],
    ['azure-kv', { module: '@corp/kms' }],
    ['pkcs11', corp],
  ])('cannot be taken over: %s', async ([scheme, given]) => {
    await expect(
      keyFromUri('passphrase:', { providers: { [scheme]: given as object } }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`Keys of ${scheme}: are weightseal's own`),
    });
  });
});

describe('a provider that does not do is told', () => {
  test.for<[string, () => unknown | Promise<unknown>, string, string]>([
    [
      'not installed',
      () => ({ module: '@corp/kms', from: root }),
      'PROVIDER_MISSING',
      '`npm install @corp/kms`',
    ],
    ['a file without ./', () => 'corp-kms.mjs', 'PROVIDER_MISSING', './corp-kms.mjs'],
    [
      'a file that is not there',
      () => join(root, 'nope.mjs'),
      'PROVIDER_MISSING',
      'nope.mjs, which is not there',
    ],
    ['a relative path from nowhere', () => './corp-kms.mjs', 'INVALID_ARGUMENT', '`from`'],
    [
      'a URL',
      () => 'https://example.com/x.js',
      'INVALID_ARGUMENT',
      'neither the name of a package nor a path',
    ],
    ...['a/../../mine.mjs', 'a/./b', 'a//b', 'a/..', '@a/../b', 'a/'].map(
      (module): [string, () => unknown, string, string] => [
        `what would lead out of a package: ${module}`,
        () => ({ module, from: root }),
        'INVALID_ARGUMENT',
        'neither the name of a package nor a path',
      ],
    ),
    ['data', () => 'data:text/javascript,1', 'INVALID_ARGUMENT', 'neither the name of a package nor a path'],
    ['a directory', () => root, 'PROVIDER_INVALID', 'is no file'],
    ['nothing at all', () => null, 'INVALID_ARGUMENT', 'is no provider'],
    [
      'no provider among its exports',
      () => file('export const a = 1;'),
      'PROVIDER_INVALID',
      'exports no provider',
    ],
    [
      'of another scheme',
      () => file(source().replace("scheme: 'corp-kms'", "scheme: 'corp'")),
      'PROVIDER_INVALID',
      'has keys of corp: and none of corp-kms:',
    ],
    [
      'throws on load',
      () => file("throw new Error('token-123')"),
      'PROVIDER_INVALID',
      'fails when it is loaded',
    ],
    ['is no JavaScript', () => file('export const = 3'), 'PROVIDER_INVALID', 'fails when it is loaded'],
    ['lacks a package', () => file("import '@corp/sdk';"), 'PROVIDER_INVALID', 'needs the package @corp/sdk'],
    [
      'throws when it makes a key',
      () => file(source('{ throw 3; }')),
      'PROVIDER_INVALID',
      'made no key of corp-kms:',
    ],
    ['gives nothing', () => file(source('undefined')), 'PROVIDER_INVALID', 'it is no object'],
    ['gives no key', () => file(source('({ uri })')), 'PROVIDER_INVALID', 'it has no `wrap` and `unwrap`'],
    [
      'a key of another',
      () => () => key('aws-kms://alias/a'),
      'PROVIDER_INVALID',
      'its `uri` is none of corp-kms:',
    ],
    [
      'a key by another name',
      () => (uri: string) => key(uri, { provider: 'corp' }),
      'PROVIDER_INVALID',
      'its `provider` is not "corp-kms"',
    ],
  ])('%s', async ([, given, code, said]) => {
    const error = await from(await given()).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(said) });
    expect(String(error)).not.toContain('token-123');
  });

  test('in another language', async () => {
    const path = await file('', 'corp-kms.txt');
    const source = `
      import { keyFromUri } from '@weightseal/keys';
      await keyFromUri('corp-kms:a', { providers: { 'corp-kms': ${JSON.stringify(path)} } }).catch(({ code, message }) => console.log(code, message));`;
    const flags = ['--input-type=module', '-e', source];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname });
    expect(stdout).toMatch(/^PROVIDER_INVALID .*: this Node cannot run it; TypeScript needs Node/);
  });

  test('where it never ends loading', async () => {
    const path = await file('await new Promise(() => {});');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const asked = expect(from(path)).rejects.toMatchObject({
        code: 'PROVIDER_INVALID',
        message: expect.stringContaining('after 30 s'),
      });
      await vi.advanceTimersByTimeAsync(30_000);
      await asked;
    } finally {
      vi.useRealTimers();
    }
  });

  test('with what it threw as the cause', async () => {
    const path = await file("throw new Error('broken');");
    await expect(from(path)).rejects.toMatchObject({ cause: { message: 'broken' } });
  });

  test('in its own words where it has them', async () => {
    const error = `Object.assign(new Error('No.'), { code: 'KEY_URI_INVALID', [Symbol.for('weightseal.error')]: true })`;
    await expect(from(await file(source(`{ throw ${error}; }`)))).rejects.toMatchObject({
      code: 'KEY_URI_INVALID',
      message: 'No.',
    });
  });

  test('where it is installed and has nothing to load by that name', async () => {
    const directory = await installed({ 'corp/package.json': '{ "exports": { "./other": "./x.js" } }' });
    await expect(from({ module: 'corp', from: directory })).rejects.toMatchObject({
      code: 'PROVIDER_INVALID',
      message: expect.stringContaining('has nothing to load by that name'),
    });
  });

  test('where only a directory around says itself to be that package', async () => {
    const directory = await mkdtemp(join(root, 'self-'));
    await writeFile(join(directory, 'package.json'), '{ "name": "@corp/kms", "exports": "./x.mjs" }');
    await writeFile(join(directory, 'x.mjs'), source());
    const given = { module: '@corp/kms', from: directory };
    await expect(from(given)).rejects.toMatchObject({
      code: 'PROVIDER_MISSING',
      message: expect.stringContaining('--provider corp-kms=./node_modules/@corp/kms/index.js'),
    });
    const kms = join(directory, 'node_modules/@corp/kms');
    await mkdir(kms, { recursive: true });
    await writeFile(join(kms, 'package.json'), '{ "type": "module", "exports": "./main.js" }');
    await writeFile(
      join(kms, 'main.js'),
      source("({ provider: 'corp-kms', uri, inside: 1, wrap() {}, unwrap() {} })"),
    );
    expect(await from(given)).toMatchObject({ inside: 1 });
  });

  test('where what it is loaded from lies elsewhere than in the package', async () => {
    const directory = await installed({ 'corp/package.json': '{ "exports": "./main.mjs" }' });
    await writeFile(join(directory, 'outside.mjs'), source());
    await symlink('../../outside.mjs', join(directory, 'node_modules/corp/main.mjs'));
    await expect(from({ module: 'corp', from: directory })).rejects.toMatchObject({
      code: 'PROVIDER_INVALID',
      cause: { message: expect.stringContaining('outside.mjs is not in ') },
    });
  });

  test
    .runIf(process.platform !== 'win32')
    .for(['', 'corp', 'corp/package.json', 'corp/lib', 'corp/lib/main.mjs'])(
    'where others can change which package it is: node_modules/%s',
    async (open) => {
      const directory = await installed({
        'corp/package.json': '{ "exports": "./lib/main.mjs" }',
        'corp/lib/main.mjs': source(),
      });
      const given = { module: 'corp', from: directory };
      expect(await from(given)).toMatchObject({ uri: URI });
      await chmod(join(directory, 'node_modules', open), 0o777);
      await expect(from(given)).rejects.toMatchObject({
        code: 'PROVIDER_INVALID',
        message: expect.stringContaining('can be written to by everybody'),
      });
    },
  );

  test.runIf(process.geteuid?.() === 0)('where the package is another user’s', async () => {
    const directory = await installed({
      'corp/package.json': '{ "exports": "./main.mjs" }',
      'corp/main.mjs': source(),
    });
    await chown(join(directory, 'node_modules/corp/main.mjs'), 4321, 4321);
    await expect(from({ module: 'corp', from: directory })).rejects.toMatchObject({
      code: 'PROVIDER_INVALID',
      message: expect.stringContaining('main.mjs belongs to another user'),
    });
  });

  test('where nobody has named one, with those that are known', async () => {
    await expect(keyFromUri('corp:x', { providers: { 'corp-kms': corp } })).rejects.toMatchObject({
      code: 'PROVIDER_UNKNOWN',
      message: expect.stringContaining('corp-kms:'),
    });
  });
});

test('a file that is not the one which was trusted is not run', async () => {
  const path = await file(`globalThis.corpRan = true; ${source()}`);
  await expect(from({ module: path, sha256: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'CONFIG_UNTRUSTED',
  });
  expect(globalThis).not.toHaveProperty('corpRan');
  await import(pathToFileURL(path).href);
  expect(globalThis).toHaveProperty('corpRan');
});

/** Where Node has hooks: 22.15 and later. */
test.runIf('registerHooks' in process.getBuiltinModule('node:module'))(
  'nor is one that imports such a file: what is compared are the very bytes that would run',
  async () => {
    const imported = await file('globalThis.ran = true;', 'imported.mjs');
    const path = await file(`import ${JSON.stringify(imported)}; ${source()}`);
    const hash = async (name: string) =>
      createHash('sha256')
        .update(await readFile(name))
        .digest('hex');
    const said = async (contents: object) => {
      const given = { module: path, sha256: await hash(path), imports: contents };
      const program = `
        import { keyFromUri } from '@weightseal/keys';
        await keyFromUri('corp-kms:a', { providers: { 'corp-kms': ${JSON.stringify(given)} } }).then(({ uri }) => console.log(uri), ({ code }) => console.log(code));
        console.log(globalThis.ran);`;
      const flags = ['--input-type=module', '-e', program];
      return (await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname })).stdout;
    };
    expect(await said({ [imported]: await hash(imported) })).toBe('corp-kms:a\ntrue\n');
    expect(await said({ [imported]: '0'.repeat(64) })).toBe('CONFIG_UNTRUSTED\nundefined\n');
  },
);

test('a file that was trusted is not run where Node cannot see to that, with what does', async () => {
  const path = await file(source());
  const sha256 = createHash('sha256').update(source()).digest('hex');
  const program = `
    process.getBuiltinModule('node:module').registerHooks = undefined;
    const { keyFromUri } = await import('@weightseal/keys');
    const providers = { 'corp-kms': ${JSON.stringify({ module: path, sha256 })} };
    await keyFromUri('corp-kms:a', { providers }).catch(({ code, message }) => console.log(code, message));`;
  const flags = ['--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname });
  expect(stdout).toMatch(/^CONFIG_UNTRUSTED .* Use Node 22\.15 or later .* or name the configuration/);
});

test.for<[string, object]>([
  ['a scheme in capitals', { scheme: 'Corp', options: [], fromUri: key }],
  ['options that are no list', { scheme: 'corp', options: { a: 1 }, fromUri: key }],
  ['no function', { scheme: 'corp', options: [] }],
])('defineProvider refuses %s', ([, provider]) => {
  expect(() => defineProvider(provider as Parameters<typeof defineProvider>[0])).toThrow('A key provider: ');
});
