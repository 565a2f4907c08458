import { join } from 'node:path';
import { keyWrappers } from '@weightseal/config';
import { generateKeyFile } from '@weightseal/kms-local';
import { describe, expect, test } from 'vitest';
import { Folder, fromYaml } from './support/folder.js';

const RULES = `
keys: { secret: local:s, models: { uri: local:m, deadlineMs: 7 }, rest: local:r }
recipients:
  - path: [secret/**, "*.secret"]
    keys: [secret]
  - path: models/*.safetensors
    keys: [models, local:extra]
    context: { model: true, stage: prod }
  - path: ../outside/**
    keys: [local:outside]
  - path: /srv/models/**
    keys: [local:srv]
  - keys: [rest]
`;

describe('the first rule that matches counts', () => {
  async function ruleFor(...paths: (string | undefined)[]): Promise<(number | undefined)[]> {
    await using folder = await Folder.with({ 'weightseal.config.yaml': RULES });
    const config = await folder.load();
    return paths.map((path) => config.keysToSeal(path && join(folder.path, path))?.rule);
  }

  test('by a path relative to the configuration', async () => {
    expect(await ruleFor('secret/a/b', 'secret/.hidden', 'a.secret', 'sub/a.secret')).toEqual([0, 0, 0, 4]);
    expect(await ruleFor('models/a.safetensors', 'models/a/b.safetensors', 'models/a.bin')).toEqual([
      1, 4, 4,
    ]);
    expect(await ruleFor('models/.a.safetensors', 'models/../secret/a')).toEqual([1, 0]);
  });

  test('outside its directory only where the glob says so', async () => {
    expect(await ruleFor('../outside/a/b', '../other/a')).toEqual([2, 4]);
    const config = await fromYaml('recipients: [{ path: "**", keys: [local:a] }]');
    expect(config.keysToSeal('/elsewhere/x')).toBeUndefined();
  });

  test('by an absolute path', async () => {
    expect((await fromYaml(RULES)).keysToSeal('/srv/models/a/b')?.rule).toBe(3);
  });

  test('what has no path matches only a rule without one', async () => {
    expect(await ruleFor(undefined)).toEqual([4]);
    const config = await fromYaml('recipients: [{ path: "**", keys: [local:a] }]');
    expect(config.keysToSeal(undefined)).toBeUndefined();
  });
});

test('a rule tells keys, URIs, the context that it gives and the context that it wants', async () => {
  await using folder = await Folder.with({ 'weightseal.config.yaml': RULES });
  const found = (await folder.load()).keysToSeal(join(folder.path, 'models/a.safetensors'))!;
  expect(found.uris).toEqual(['local:m', 'local:extra']);
  expect(found.keys.map(({ name, deadlineMs }) => [name, deadlineMs])).toEqual([
    ['models', 7],
    [undefined, undefined],
  ]);
  expect([found.context, found.requiredContext]).toEqual([{ stage: 'prod' }, ['model']]);
});

describe('a name or a URI', () => {
  test('means a key', async () => {
    const config = await fromYaml(RULES);
    expect(config.keyUri('models')).toBe('local:m');
    expect(config.keyUri('passphrase:')).toBe('passphrase:');
  });

  test('that there is not is told, and not repeated', async () => {
    const config = await fromYaml(RULES);
    expect(() => config.keyUri('modles')).toThrow(/has no key of that name; did you mean models\?$/);
    expect(() => config.keyUri('hunter2')).toThrow(/its keys are secret, models, rest\.$/);
  });
});

test('nobody is named for opening unless `open` does', async () => {
  expect((await fromYaml(RULES)).keysToOpen()).toBeUndefined();
});

describe('the keys themselves', () => {
  test('count their paths from the configuration, and those of the caller from where he is', async () => {
    await using folder = await Folder.with({
      'weightseal.config.yaml': 'keys: { m: local:m }\nopen: [m, "local:./m"]',
    });
    await generateKeyFile(join(folder.path, 'm'));
    const config = await folder.load();
    const [named, listed] = await keyWrappers(config, config.keysToOpen()!);
    const [given] = await keyWrappers(config, ['local:m']);
    const dataKey = new Uint8Array(32);
    expect((await named!.wrap(dataKey, {})).keyUri).toBe('local:m');
    expect((await listed!.wrap(dataKey, {})).keyUri).toBe('local:./m');
    await expect(given!.wrap(dataKey, {})).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  test('have the deadline of their own, or that of all', async () => {
    // Deriving a key from a passphrase takes far longer than either.
    const config = await fromYaml('keys: { p: { uri: "passphrase:", deadlineMs: 1 } }\ndeadlineMs: 2');
    const options = { prompt: async () => Buffer.from('x') };
    const [own, common] = await keyWrappers(config, ['p', 'passphrase:'], options);
    await expect(own!.wrap(new Uint8Array(32), {})).rejects.toThrow(/within 1 ms/);
    await expect(common!.wrap(new Uint8Array(32), {})).rejects.toThrow(/within 2 ms/);
  });
});
