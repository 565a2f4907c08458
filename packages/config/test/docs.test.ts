import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { trustConfig } from '@weightseal/config';
import { generateKeyFile } from '@weightseal/kms-local';
import { describe, expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const guide = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
const own = await readFile(new URL('../../../docs/providers/own.md', import.meta.url), 'utf8');
const ownStore = await readFile(new URL('../../../docs/stores/own.md', import.meta.url), 'utf8');
const blocksOf = (document: string) =>
  [...document.matchAll(/^```(yaml|json|js)\n([\s\S]*?)^```/gm)].map(([, kind, text]) => ({
    kind: kind!,
    text: text!,
  }));
const blocks = [
  ...blocksOf(guide),
  ...[own, ownStore].flatMap(blocksOf).filter(({ kind }) => kind === 'yaml'),
  ...blocksOf(readme).filter(({ text }) => text.includes('weightseal.config.')),
];
const isProgram = ({ text }: { readonly text: string }) => text.startsWith('// seal.mjs');
const env = { MODELS_KEY: 'alias/models' };

describe('docs/configuration.md, and the README', () => {
  test.for(blocks.filter((block) => !isProgram(block)))(
    'a configuration that is one: $kind, $text',
    async ({ kind, text }) => {
      // The program is one in TypeScript, too.
      const path = `weightseal.config.${kind === 'js' ? 'ts' : kind}`;
      await using folder = await Folder.with({ [path]: text });
      const { keys, profiles } = await folder.load({ env, path });
      expect(keys.size).toBeGreaterThan(0);
      for (const profile of profiles) await folder.load({ env, path, profile });
    },
  );

  test('the program, on a laptop', { timeout: 120_000 }, async () => {
    const profiles = blocks.find(({ text }) => text.startsWith('profile: dev'))!.text;
    const program = blocks.find(isProgram)!.text;
    await using folder = await Folder.with({
      'weightseal.config.yaml': profiles,
      'seal.mjs': program,
      'package.json': '{ "type": "module" }',
      'model.safetensors': 'weights',
      'node_modules/@weightseal/.keep': '',
    });
    const packages = fileURLToPath(new URL('../../', import.meta.url));
    for (const name of ['config', 'core'])
      await symlink(join(packages, name), join(folder.path, 'node_modules/@weightseal', name));
    await generateKeyFile(join(folder.path, 'dev.key'));
    await trustConfig({ cwd: folder.path, env: folder.home });
    await promisify(execFile)(process.execPath, ['seal.mjs'], {
      cwd: folder.path,
      env: { ...process.env, ...folder.home, XDG_STATE_HOME: '' },
    });
    expect(await readFile(join(folder.path, 'copy.safetensors'), 'utf8')).toBe('weights');
  });

  test('has an example of everything', () => {
    const all = blocks.map(({ text }) => text).join('\n');
    for (const word of [
      'path',
      'context',
      'open',
      'deadlineMs',
      'hedgeMs',
      'profile',
      'profiles',
      'providers',
      'stores',
      'tuning',
      ':-',
    ])
      expect(all).toContain(word);
  });
});
