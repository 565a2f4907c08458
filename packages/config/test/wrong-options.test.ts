import { pathToFileURL } from 'node:url';
import {
  configStatus,
  findConfig,
  keyWrappers,
  loadConfig,
  trustConfig,
  untrustConfig,
} from '@weightseal/config';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

// Callers in JavaScript, whom no compiler has told.
describe.each(Object.entries({ loadConfig, findConfig, configStatus, trustConfig, untrustConfig }))(
  '%s',
  (_name, go) => {
    test.each([
      null,
      5,
      'weightseal.config.yaml',
      [],
      { cwd: 5 },
      { cwd: new URL('https://example.com/') },
      { env: 5 },
      { providers: 5 },
      { providers: [] },
      { config: 'weightseal.config.yaml' },
    ])('with %j', async (options) => {
      await expect((async () => go(options as never))()).rejects.toEqual(refused);
    });
  },
);

test('the configuration may be named by file: URLs', async () => {
  await using folder = await Folder.with({
    'weightseal.config.yaml': 'keys: { mine: "local:k" }\nopen: [mine]\n',
  });
  const cwd = pathToFileURL(`${folder.path}/`);
  const path = new URL('weightseal.config.yaml', cwd);
  const config = await loadConfig({ path });
  expect(config.path).toBe(`${folder.path}/weightseal.config.yaml`);
  expect((await keyWrappers(config, config.keysToOpen()!)).map(({ uri }) => uri)).toEqual(['local:k']);
  await trustConfig({ cwd, env: folder.home });
  expect(findConfig({ cwd, env: folder.home })).toBe(config.path);
  expect(config.keysToSeal(path)).toEqual(config.keysToSeal(config.path));
  for (const attempt of [
    () => keyWrappers(undefined as never, []),
    () => keyWrappers(config, undefined as never),
    () => keyWrappers(config, 'mine' as never),
    () => keyWrappers(config, [5 as never]),
    () => keyWrappers(config, [null as never]),
    () => keyWrappers(config, [{} as never]),
    () => keyWrappers(config, ['mine', undefined as never]),
    () => keyWrappers(config, [], { providers: 5 as never }),
    () => keyWrappers(config, [], { allowWeakPasphrase: true } as never),
    () => keyWrappers(config, [], { allowKeyOfOthers: 'no' as never }),
    () => keyWrappers(config, ['mine'], null as never),
    async () => config.key(undefined as never),
    async () => config.keysToSeal(5 as never),
    async () => config.contextToSeal(undefined as never),
  ])
    await expect(attempt()).rejects.toEqual(refused);
});
