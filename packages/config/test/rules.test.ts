// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what this is about.
import { mkdir, symlink } from 'node:fs/promises';
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
    // What is not there yet lies where its nearest directory does; but the kernel knows no `..` of nothing.
    await mkdir(join(folder.path, 'models'));
    const config = await folder.trusted();
    return paths.map((path) => config.keysToSeal(path && `${folder.path}/${path}`)?.rule);
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

  test('whatever the name holds', async () => {
    expect(await ruleFor('secret/a\nb', 'secret/a\nb/c', 'secret/..a', 'secret/a\\b')).toEqual([0, 0, 0, 0]);
  });

  test('by whichever way one comes to the file and the configuration', async () => {
    await using folder = await Folder.with({
      'project/weightseal.config.yaml': RULES,
      'project/secret/x': '',
      'disk/y': '',
      'project/models/m': '',
    });
    const at = (path: string) => join(folder.path, path);
    await symlink('project', at('link'));
    await symlink('../../disk', at('project/secret/disk'));
    await symlink('../secret/x', at('project/models/a.safetensors'));
    const linked = await folder.load({ path: 'link/weightseal.config.yaml' });
    const direct = await folder.load({ path: 'project/weightseal.config.yaml' });
    for (const config of [linked, direct]) {
      const rule = (path: string) => config.keysToSeal(at(path))?.rule;
      expect([rule('project/secret/x'), rule('link/secret/x')]).toEqual([0, 0]);
      // What lies behind a link lies where the link leads, whatever the link is called.
      expect([rule('project/secret/disk/y'), rule('disk/y')]).toEqual([4, 4]);
      expect([
        rule('project/secret/disk/../project/secret/x'),
        rule('project/../project/./secret/x'),
      ]).toEqual([0, 0]);
      // A link that is itself what is sealed counts by its own name.
      expect(rule('project/models/a.safetensors')).toBe(1);
    }
  });

  test('by where the kernel finds it, and refused where it finds nothing', async () => {
    await using folder = await Folder.with({
      'weightseal.config.yaml': RULES,
      'secret/x': '',
      'disk/deep/y': '',
    });
    await symlink('disk/deep', join(folder.path, 'current'));
    const config = await folder.trusted();
    const rule = (path: string) => config.keysToSeal(`${folder.path}/${path}`)?.rule;
    await symlink('../secret', join(folder.path, 'disk/models'));
    // As text it is models/a.safetensors; the kernel goes up from disk/deep.
    expect(rule('current/../models/a.safetensors')).toBe(0);
    expect(() => rule('missing/../secret/x')).toThrow(/Could not find the directory of .*does not exist/);
  });

  test('what has no path matches only a rule without one', async () => {
    expect(await ruleFor(undefined)).toEqual([4]);
    const config = await fromYaml('recipients: [{ path: "**", keys: [local:a] }]');
    expect(config.keysToSeal(undefined)).toBeUndefined();
  });
});

test('a rule tells keys, URIs, the context that it gives and the context that it wants', async () => {
  await using folder = await Folder.with({ 'weightseal.config.yaml': RULES });
  const found = (await folder.trusted()).keysToSeal(join(folder.path, 'models/a.safetensors'))!;
  expect(found.keys.map(({ uri }) => uri)).toEqual(['local:m', 'local:extra']);
  expect(found.keys.map(({ name, deadlineMs }) => [name, deadlineMs])).toEqual([
    ['models', 7],
    [undefined, undefined],
  ]);
  expect([found.context, found.requiredContext]).toEqual([{ stage: 'prod' }, ['model']]);
});

describe('the context of a seal', () => {
  const contextOf = async (given?: Record<string, string>) => {
    await using folder = await Folder.with({ 'weightseal.config.yaml': RULES });
    const config = await folder.trusted();
    return config.contextToSeal(config.keysToSeal(join(folder.path, 'models/a.safetensors'))!, given);
  };

  test('is what is given, and what the rule sets', async () => {
    expect(await contextOf({ model: 'llama', more: '' })).toEqual({
      model: 'llama',
      more: '',
      stage: 'prod',
    });
    expect(await contextOf({ model: 'llama', stage: 'prod' })).toEqual({ model: 'llama', stage: 'prod' });
  });

  test.for([undefined, {}, { model: '' }, { stage: 'prod' }])(
    'lacks what the rule wants: %j',
    async (given) => {
      await expect(contextOf(given)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^recipients\[1\] of .*\.yaml wants to be told .* "model=…"\.$/),
      });
    },
  );

  test('that is no plain object is refused', async () => {
    const given = new Map([['model', 'llama']]) as unknown as Record<string, string>;
    await expect(contextOf(given)).rejects.toMatchObject({ code: 'CONTEXT_INVALID' });
  });

  test('that contradicts the rule is refused', async () => {
    await expect(contextOf({ model: 'llama', stage: 'dev' })).rejects.toThrow(/sets "stage" in the context/);
  });

  test('wants to be given also what every object has', async () => {
    const config = await fromYaml('recipients: [{ keys: [local:a], context: { toString: true } }]');
    expect(() => config.contextToSeal(config.keysToSeal('x')!)).toThrow(/"toString=…"/);
  });
});

describe('a name or a URI', () => {
  test('means a key', async () => {
    const config = await fromYaml(RULES);
    expect(config.key('models').uri).toBe('local:m');
    expect(config.key('passphrase:').uri).toBe('passphrase:');
  });

  test('that there is not is told, and not repeated', async () => {
    const config = await fromYaml(RULES);
    expect(() => config.key('modles')).toThrow(/has no key of that name; did you mean models\?$/);
    expect(() => config.key('hunter2')).toThrow(/its keys are secret, models, rest\.$/);
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
    const config = await folder.trusted();
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
    const options = { prompt: async () => Buffer.from('four words of mine') };
    const [own, common] = await keyWrappers(config, ['p', 'passphrase:'], options);
    await expect(own!.wrap(new Uint8Array(32), {})).rejects.toThrow(/within 1 ms/);
    await expect(common!.wrap(new Uint8Array(32), {})).rejects.toThrow(/within 2 ms/);
  });
});

test('a key may have been named otherwise when it sealed', async () => {
  const former = 'vault://vault.example.com/transit/keys/models';
  const config = await fromYaml(
    `keys: { models: { uri: "vault://127.0.0.1:8100/transit/keys/models?tls=off", formerUris: ["${former}"] } }`,
  );
  const [key] = await keyWrappers(config, ['models']);
  const ciphertext = Buffer.from(`vault:v1:${Buffer.alloc(92).toString('base64')}`);
  const slot = { keyUri: former, keyVersion: '1', algorithm: 'transit-aead/1', ciphertext };
  expect(key!.fits!(slot)).toBe(true);
  expect(key!.fits!({ ...slot, keyUri: 'vault://other.example.com/transit/keys/models' })).toBe(false);
});

test('and that name may come out of the environment, as every text may', async () => {
  const text =
    'keys: { m: { uri: "vault://a.example/transit/keys/m", formerUris: ["vault://${OLD}/transit/keys/m", "vault://${NONE:-b.example}/transit/keys/m"] } }';
  const config = await fromYaml(text, { env: { OLD: 'old.example' } });
  expect(config.key('m').formerUris).toEqual([
    'vault://old.example/transit/keys/m',
    'vault://b.example/transit/keys/m',
  ]);
  await expect(fromYaml(text)).rejects.toThrow(
    /:1:\d+: keys\.m\.formerUris\[0\] needs the environment variable OLD/,
  );
});
