// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  configStatus,
  findConfig,
  findTrusted,
  loadConfig,
  trustConfig,
  untrustConfig,
} from '@weightseal/config';
import { isWeightsealError } from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const NAME = 'weightseal.config.yaml';
const asRoot = test.runIf(process.getuid?.() === 0);
const untrusted = { code: 'CONFIG_UNTRUSTED', class: 'usage' };

const options = (folder: Folder) => ({ cwd: folder.path, env: folder.home });
const state = (folder: Folder, ...names: string[]) => join(folder.home['HOME']!, '.local/state', ...names);
/** Why what is found is not used, or `used`. */
async function said(folder: Folder, env: NodeJS.ProcessEnv = folder.home): Promise<string> {
  const looked = await loadConfig({ cwd: folder.path, env }).catch((error: unknown) => error);
  if (!isWeightsealError(looked)) return 'used';
  expect(looked.code).toBe('CONFIG_UNTRUSTED');
  expect(() => findConfig({ cwd: folder.path, env })).toThrow(looked.message);
  return looked.message;
}

async function trusted(text = 'deadlineMs: 5'): Promise<Folder> {
  const folder = await Folder.with({ [NAME]: text });
  await trustConfig(options(folder));
  return folder;
}

describe('what was only found has no effect', () => {
  test('whatever it says: it is not even parsed', async () => {
    await using folder = await Folder.with({ [NAME]: 'keys: { a: "vault://${HF_TOKEN}/keys/a" }\nopen: [a' });
    await expect(loadConfig(options(folder))).rejects.toMatchObject(untrusted);
    const message = await said(folder);
    expect(message).toContain(`\`weightseal config trust ${folder.path}/${NAME}\``);
    expect(message).toContain(`--config ${folder.path}/${NAME}`);
  });

  test('until it is trusted, and no longer when that is taken back', async () => {
    await using folder = await trusted();
    expect(await said(folder)).toBe('used');
    expect(untrustConfig(options(folder))).toEqual({ path: join(folder.path, NAME), removed: 1 });
    expect(await said(folder)).toContain('until you trust it');
    expect(untrustConfig(options(folder)).removed).toBe(0);
  });

  test('when it has changed since, were it by a byte; as it was, it has', async () => {
    await using folder = await trusted();
    await folder.write(NAME, 'deadlineMs: 5 ');
    expect(await said(folder)).toContain('is not what it was when you trusted it');
    await folder.write(NAME, 'deadlineMs: 5');
    expect(await said(folder)).toBe('used');
  });

  test('nor does it hide a trusted one above it', async () => {
    await using folder = await trusted();
    await folder.write(`model/${NAME}`, 'deadlineMs: 6');
    await folder.write('model/program/weightseal.config.mjs', 'export default {}');
    const there = { cwd: join(folder.path, 'model/program'), env: folder.home };
    expect(findTrusted(there)).toBe(join(folder.path, NAME));
    await trustConfig({ ...there, cwd: join(folder.path, 'model') });
    expect(findTrusted(there)).toBe(join(folder.path, 'model', NAME));
    untrustConfig({ ...there, cwd: join(folder.path, 'model') });
    untrustConfig(options(folder));
    expect(findTrusted(there)).toBeUndefined();
  });

  test('one that was trusted and has changed does not go in silence', async () => {
    await using folder = await trusted();
    await folder.write(NAME, 'deadlineMs: 6');
    expect(() => findTrusted(options(folder))).toThrow('is not what it was when you trusted it');
  });

  test('and it is taken back also when the file, or its directory, is gone, or is now elsewhere', async () => {
    await using folder = await Folder.with({ [`a/${NAME}`]: '{}', [`b/${NAME}`]: '{}', [`c/${NAME}`]: '{}' });
    const there = (name: string) => ({ cwd: folder.path, env: folder.home, path: `${name}/${NAME}` });
    for (const name of ['a', 'b', 'c']) await trustConfig(there(name));
    await rm(join(folder.path, 'a'), { recursive: true });
    await rename(join(folder.path, 'b'), join(folder.path, 'moved'));
    await symlink('moved', join(folder.path, 'b'));
    await rm(join(folder.path, 'c'), { recursive: true });
    await writeFile(join(folder.path, 'c'), '');
    for (const name of ['a', 'b', 'c']) expect([name, untrustConfig(there(name)).removed]).toEqual([name, 1]);
    expect(untrustConfig({ ...there('a'), cwd: '/', path: join(folder.path, 'a', NAME) }).removed).toBe(0);
    expect(await readdir(state(folder, 'weightseal/trust'))).toEqual([]);
  });

  test('in another place: moved, copied, or with its directory', async () => {
    await using folder = await trusted();
    await folder.write(`copy/${NAME}`, 'deadlineMs: 5');
    const there = { cwd: join(folder.path, 'copy'), env: folder.home };
    await expect(loadConfig(there)).rejects.toMatchObject(untrusted);
    await trustConfig(there);
    await rename(join(folder.path, 'copy'), join(folder.path, 'moved'));
    await expect(loadConfig({ ...there, cwd: join(folder.path, 'moved') })).rejects.toMatchObject(untrusted);
  });

  test('and has by whatever way one comes to its directory', async () => {
    await using folder = await trusted();
    await symlink(folder.path, join(folder.home['HOME']!, 'link'));
    const cwd = join(folder.home['HOME']!, 'link');
    expect((await loadConfig({ cwd, env: folder.home })).path).toBe(join(folder.path, NAME));
    expect(await trustConfig({ cwd, env: folder.home })).toMatchObject({ path: join(folder.path, NAME) });
  });

  test('for somebody who has trusted nothing', async () => {
    await using folder = await trusted();
    await using other = await Folder.with({});
    expect(await said(folder, other.home)).toContain('until you trust it');
  });

  test('while one that is named has, without trust', async () => {
    await using folder = await Folder.with({ [NAME]: 'deadlineMs: 5' });
    expect((await folder.load({ path: NAME })).deadlineMs).toBe(5);
    expect((await folder.load({ env: { WEIGHTSEAL_CONFIG: NAME } })).deadlineMs).toBe(5);
    expect((await loadConfig({ cwd: folder.path, path: NAME, env: {} })).deadlineMs).toBe(5);
  });
});

test('what is judged is what is read, however fast it is replaced', async () => {
  await using folder = await trusted();
  // Both pass every look at owner and mode; only one of them is trusted.
  const swap = `
    const { renameSync, writeFileSync } = require('node:fs');
    const { workerData } = require('node:worker_threads');
    for (let n = 0; ; n++) {
      writeFileSync(workerData + '.next', n % 2 ? 'deadlineMs: 5' : 'deadlineMs: 666');
      renameSync(workerData + '.next', workerData);
    }`;
  const worker = new Worker(swap, { eval: true, workerData: join(folder.path, NAME) });
  const seen = { used: 0, refused: 0 };
  try {
    await once(worker, 'online');
    while (seen.used < 20 || seen.refused < 20) {
      const looked = await loadConfig(options(folder)).catch((error: unknown) => error);
      if (looked instanceof Error) seen.refused++;
      else expect([looked, ++seen.used]).toEqual([expect.objectContaining({ deadlineMs: 5 }), seen.used]);
    }
  } finally {
    await worker.terminate();
  }
});

describe('what is trusted is kept', () => {
  test('by path and SHA-256, for nobody else to write', async () => {
    await using folder = await trusted();
    const { sha256 } = await trustConfig(options(folder));
    const entries = await readdir(state(folder, 'weightseal/trust'));
    expect(entries).toEqual([expect.stringMatching(new RegExp(`^[0-9a-f]{64}-${sha256}$`))]);
  });

  test('in XDG_STATE_HOME where that is absolute, and else in HOME', async () => {
    await using folder = await Folder.with({ [NAME]: '{}' });
    const elsewhere = join(folder.home['HOME']!, 'state');
    await mkdir(elsewhere);
    const env = { ...folder.home, XDG_STATE_HOME: elsewhere };
    await trustConfig({ cwd: folder.path, env });
    expect([await said(folder, env), await said(folder)]).toEqual(['used', expect.stringContaining('until')]);
    await trustConfig({ cwd: folder.path, env: { ...folder.home, XDG_STATE_HOME: 'state' } });
    expect(await said(folder)).toBe('used');
    expect(await readdir(folder.path)).toEqual([NAME]);
  });

  test('in an XDG_STATE_HOME that is not there yet, which is made for nobody else', async () => {
    await using folder = await Folder.with({ [NAME]: '{}' });
    for (const name of ['state', 'other/']) {
      const env = { XDG_STATE_HOME: join(folder.home['HOME']!, name) };
      expect(await said(folder, env)).toContain('until you trust it');
      expect(untrustConfig({ cwd: folder.path, env }).removed).toBe(0);
      expect(await readdir(folder.home['HOME']!)).not.toContain(name.replace('/', ''));
      await trustConfig({ cwd: folder.path, env });
      expect((await stat(env.XDG_STATE_HOME)).mode & 0o777).toBe(0o700);
      expect(await said(folder, env)).toBe('used');
    }
    const env = { XDG_STATE_HOME: join(folder.home['HOME']!, 'no/such') };
    expect(await said(folder, env)).toContain(
      '(by XDG_STATE_HOME), where what you trust is kept. It does not exist',
    );
    await symlink('nowhere', join(folder.home['HOME']!, 'link'));
    const linked = { XDG_STATE_HOME: join(folder.home['HOME']!, 'link') };
    await expect(trustConfig({ cwd: folder.path, env: linked })).rejects.toMatchObject(untrusted);
  });

  test.for([
    [{}, 'HOME is not set'],
    [{ HOME: '' }, 'HOME is not set'],
    [{ HOME: 'home' }, 'HOME is not set'],
    [
      { HOME: '/no/such/home' },
      'Could not use /no/such/home (by HOME), where what you trust is kept. It does not exist',
    ],
    [{ HOME: '/dev/null' }, '/dev/null is no directory'],
  ] as const)('nowhere with %j, and that is told', async ([env, expected]) => {
    await using folder = await Folder.with({ [NAME]: '{}' });
    const message = await said(folder, env);
    expect(message).toContain(expected);
    expect(message).toContain('Name it instead: --config');
    await expect(trustConfig({ cwd: folder.path, env })).rejects.toMatchObject(untrusted);
  });
});

describe('nothing is believed of what others could have put there', () => {
  test.for(['.local', '.local/state', '.local/state/weightseal', '.local/state/weightseal/trust'])(
    'when they can write to %s',
    async (name) => {
      await using folder = await trusted();
      const directory = join(folder.home['HOME']!, name);
      for (const mode of [0o720, 0o702, 0o1777]) {
        await chmod(directory, mode);
        expect(await said(folder)).toContain(`${directory} can be written to by others; chmod go-w it.`);
        await expect(trustConfig(options(folder))).rejects.toThrow('can be written to by others');
      }
      await chmod(directory, 0o700);
      expect(await said(folder)).toBe('used');
    },
  );

  test.for(['.local', '.local/state', '.local/state/weightseal', '.local/state/weightseal/trust'])(
    'when %s is a link',
    async (name) => {
      await using folder = await trusted();
      const directory = join(folder.home['HOME']!, name);
      await rename(directory, `${directory}-real`);
      await symlink(`${directory}-real`, directory);
      expect(await said(folder)).toContain(`${directory} is a link, which somebody may have put there`);
    },
  );

  test('when they can write to what is above it', async () => {
    await using folder = await trusted();
    await chmod(folder.home['HOME']!, 0o777);
    expect(await said(folder)).toContain(`${folder.home['HOME']} can be written to by others`);
  });

  asRoot.for(['', '.local', '.local/state/weightseal', '.local/state/weightseal/trust'])(
    "when 'HOME/%s' belongs to somebody else",
    async (name) => {
      await using folder = await trusted();
      const directory = join(folder.home['HOME']!, name);
      await chown(directory, 12345, 12345);
      expect(await said(folder)).toMatch(/^.* belongs to another user\. Name it instead/);
    },
  );

  const namespaces = spawnSync('unshare', ['--user', '--map-root-user', 'true']).status === 0;
  test.runIf(namespaces)('and in a user namespace those outside are not called other users', async () => {
    await using folder = await trusted();
    // Whoever runs this is root in there, and everybody else is nobody.
    if (process.getuid?.() === 0) await chown(folder.home['HOME']!, 12345, 12345);
    const program = `
      import { configStatus } from ${JSON.stringify(import.meta.resolve('@weightseal/config'))};
      console.log((await configStatus({ cwd: process.argv[1] })).refusal.message);`;
    const { stdout } = spawnSync(
      'unshare',
      ['--user', '--map-root-user', process.execPath, '--input-type=module', '--eval', program, folder.path],
      { env: { ...process.env, ...folder.home, XDG_STATE_HOME: '' }, encoding: 'utf8' },
    );
    expect(stdout).toMatch(/ is of a user outside this user namespace, .*\. Name it instead: --config /);
  });

  test('when the record itself is not as we write it', async () => {
    await using folder = await trusted();
    const [name] = await readdir(state(folder, 'weightseal/trust'));
    const entry = state(folder, 'weightseal/trust', name!);
    await chmod(entry, 0o666);
    expect(await said(folder)).toContain('was when you trusted it');
    await rm(entry);
    await writeFile(entry, '', { mode: 0o600 });
    expect(await said(folder)).toContain('was when you trusted it');
    await rm(entry);
    await symlink(join(folder.path, NAME), entry);
    expect(await said(folder)).toContain('cannot be kept here');
  });
});

describe('what cannot be trusted', () => {
  test('a program, which is only named', async () => {
    await using folder = await Folder.with({
      'weightseal.config.ts': 'globalThis.ran = true; export default {};',
    });
    await expect(trustConfig(options(folder))).rejects.toThrow(/is a program/);
    expect(globalThis).not.toHaveProperty('ran');
  });

  test('what is never found', async () => {
    await using folder = await Folder.with({ 'other.yaml': '{}' });
    await expect(trustConfig({ ...options(folder), path: 'other.yaml' })).rejects.toThrow(
      /only named, and so needs no/,
    );
  });

  test('what is no configuration: it might become one by a slip', async () => {
    await using folder = await Folder.with({ [NAME]: 'colour: red' });
    await expect(trustConfig(options(folder))).rejects.toThrow(/colour is not known/);
    await folder.write(NAME, 'keys: { a: nothing }');
    await expect(trustConfig(options(folder))).rejects.toThrow(/is not a key URI/);
    await folder.write(NAME, 'keys: { a: { uri: "local:${A}", formerUris: ["local:b"] } }');
    await expect(trustConfig(options(folder))).rejects.toThrow(/keys of local: have one URI/);
    expect(await said(folder)).toContain('until you trust it');
  });

  asRoot("what is somebody else's", async () => {
    await using folder = await Folder.with({ [NAME]: '{}' });
    await chown(join(folder.path, NAME), 12345, 12345);
    await expect(trustConfig(options(folder))).rejects.toThrow(/belongs to another user/);
  });

  test('what is not there', async () => {
    await expect(trustConfig({ cwd: '/', env: {} })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    await expect(trustConfig({ cwd: '/', path: NAME, env: {} })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
    });
  });
});

describe('what a configuration says is told before it counts', () => {
  test('as it is written: nothing of the environment is in it', async () => {
    const text = [
      'profile: "${STAGE:-dev}"',
      'keys: { v: "vault://${HOST}:8200/${TOKEN:-none}/keys/m", h: { uri: "pkcs11:object=a?module-path=/x.so" } }',
      'open: [v, "azure-kv://a.vault.azure.net/keys/m"]',
      'profiles: { dev: {}, prod: { recipients: [{ path: "a/**", keys: [h], context: { by: "$${NO}${WHO}" } }] } }',
    ].join('\n');
    await using folder = await Folder.with({ [NAME]: text });
    const env = { ...folder.home, HOST: 'hunter2', TOKEN: 'hunter2', WHO: 'hunter2' };
    const status = await configStatus({ cwd: folder.path, env });
    expect(status).toMatchObject({
      status: 'untrusted',
      refusal: { code: 'CONFIG_UNTRUSTED' },
      summary: {
        preset: '${STAGE:-dev}',
        variables: ['HOST', 'STAGE', 'TOKEN', 'WHO'],
        hosts: ['${HOST}:8200', 'a.vault.azure.net'],
        modules: ['module-path=/x.so'],
        layers: [
          { profile: undefined, open: ['v', 'azure-kv://a.vault.azure.net/keys/m'] },
          { profile: 'dev', keys: [] },
          { profile: 'prod', recipients: [{ path: ['a/**'], keys: ['h'], context: { by: '$${NO}${WHO}' } }] },
        ],
      },
    });
    expect(JSON.stringify(status)).not.toContain('hunter2');
    const trust = await trustConfig({ cwd: folder.path, env });
    expect(trust.summary).toEqual(status!.summary);
    expect((await configStatus({ cwd: folder.path, env }))!.status).toBe('trusted');
  });

  test('all of it: each address, context and limit, in whatever profile', async () => {
    const text = [
      'keys: { v: { uri: "vault://a.example/transit/keys/m", formerUris: ["vault://old.example/transit/keys/m", "${OLD}"], deadlineMs: 9 } }',
      'recipients: [{ keys: [v], context: { stage: prod, model: true } }]',
      'hedgeMs: 3',
      'profiles: { p: { deadlineMs: 7 } }',
    ].join('\n');
    await using folder = await Folder.with({ [NAME]: text });
    const { summary } = (await configStatus(options(folder)))!;
    expect(summary).toMatchObject({
      hosts: ['a.example', 'old.example'],
      variables: ['OLD'],
      layers: [
        {
          keys: [{ formerUris: ['vault://old.example/transit/keys/m', '${OLD}'], deadlineMs: 9 }],
          recipients: [{ context: { stage: 'prod' }, requiredContext: ['model'] }],
          hedgeMs: 3,
        },
        { profile: 'p', deadlineMs: 7 },
      ],
    });
  });

  test.for([
    ['${X:-vault://evil.example/transit/keys/a}', ['evil.example']],
    ['${X}${Y:-vault://evil.example/transit/keys/a}', ['evil.example']],
    ['vault:${X:-//evil.example}/transit/keys/a', ['evil.example']],
    ['vault://${X:-evil.example:8200/transit}/keys/a', ['${X}', 'evil.example:8200']],
    ['${X:-vault}://evil.example/transit/keys/a', ['evil.example']],
    ['${X}://evil.example/transit/keys/a', ['evil.example']],
    ['va${X:-ult:/}/evil.example/transit/keys/a', ['evil.example']],
    ['${X:-local:}${Y:-//evil.example}/transit/keys/a', ['evil.example']],
    ['azure-kv://${X:-evil}.vault.azure.net/keys/a', ['${X}.vault.azure.net', 'evil.vault.azure.net']],
    ['local:${X:-a//b}', []],
    ['aws-kms://${X:-alias/a}', []],
  ] as const)('where it would call, however that is put together: %s', async ([uri, hosts]) => {
    for (const text of [
      { keys: { a: uri } },
      { keys: { a: { uri: 'vault:/x', formerUris: [uri] } } },
      { open: [uri], keys: { a: 'local:a' } },
    ]) {
      await using folder = await Folder.with({ [NAME]: JSON.stringify(text) });
      expect((await configStatus(options(folder)))!.summary?.hosts).toEqual(hosts);
    }
  });

  test.for([
    ['${X:-pkcs11:token=t;object=o?module-path=/tmp/evil.so}', ['module-path=/tmp/evil.so']],
    ['pkcs11:object=o?${X:-module-path=/tmp/evil.so}', ['module-path=/tmp/evil.so']],
    ['pkcs11:object=o?mod${X:-ule-path=/tmp/evil.so&pin-source=file:/x}', ['module-path=/tmp/evil.so']],
    ['pkcs11:object=o?module-path=${X:-/tmp/evil.so}', ['module-path=${X}', 'module-path=/tmp/evil.so']],
    ['pk${X:-cs11}:object=o?module-path=/tmp/evil.so', ['module-path=/tmp/evil.so']],
    ['local:module-path=/x', []],
  ] as const)('which module it would run, however that is put together: %s', async ([uri, modules]) => {
    await using folder = await Folder.with({ [NAME]: JSON.stringify({ keys: { a: uri } }) });
    expect((await configStatus(options(folder)))!.summary?.modules).toEqual([...modules].sort());
  });

  test('and of one that is none what is wrong with it', async () => {
    await using folder = await Folder.with({ [NAME]: 'colour: red', 'other/weightseal.config.mjs': '' });
    expect(await configStatus(options(folder))).toMatchObject({
      status: 'untrusted',
      problem: { code: 'CONFIG_INVALID' },
    });
    const program = await configStatus({ cwd: join(folder.path, 'other'), env: folder.home });
    expect(program).toMatchObject({ status: 'refused', sha256: undefined, summary: undefined });
    expect(await configStatus({ ...options(folder), env: { WEIGHTSEAL_CONFIG: NAME } })).toMatchObject({
      status: 'named',
    });
    expect(await configStatus({ cwd: '/', env: {} })).toBeUndefined();
  });
});
