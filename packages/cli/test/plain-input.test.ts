import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '@weightseal/config';
import type { FileSource } from '@weightseal/core';
import { expect, test } from 'vitest';
import { PlainInput } from '../src/plain-input.js';
import { Sandbox } from './support/cli.js';

const RULES = `
keys: { strict: local:strict.key, loose: local:loose.key }
recipients:
  - { path: release/**, keys: [strict] }
  - { path: other/**, keys: [loose] }
`;
const onLinux = test.runIf(process.platform === 'linux');

class Project implements AsyncDisposable {
  readonly path: string;
  readonly config: Config;

  private constructor(path: string, config: Config) {
    this.path = path;
    this.config = config;
  }

  static async create(): Promise<Project> {
    const path = await realpath(await mkdtemp(join(tmpdir(), 'weightseal-cli-input-')));
    await writeFile(join(path, 'weightseal.config.yaml'), RULES);
    for (const name of ['release', 'other']) {
      await mkdir(join(path, name));
      await writeFile(join(path, name, 'm'), name);
    }
    const config = await loadConfig({ cwd: path, path: 'weightseal.config.yaml', env: {} });
    return new Project(path, config);
  }

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** For whom it is sealed, and what. */
  async sealed(input: PlainInput): Promise<[string | undefined, string]> {
    const rule = this.config.keysToSeal(input.place);
    const { bytes } = await input.open();
    const file = bytes as FileSource;
    return [rule?.keys[0]?.name, Buffer.from(await file.read(0, file.size)).toString()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}

onLinux('a link that is swapped meanwhile changes neither for whom nor what is sealed', async () => {
  await using project = await Project.create();
  await symlink('release', project.at('way'));
  await using input = await PlainInput.at({ text: project.at('way/m'), location: undefined });
  await symlink('other', project.at('next'));
  await rename(project.at('next'), project.at('way'));
  expect(await project.sealed(input)).toEqual(['strict', 'release']);
  await using later = await PlainInput.at({ text: project.at('way/m'), location: undefined });
  expect(await project.sealed(later)).toEqual(['loose', 'other']);
});

onLinux('nor does a link in the place of its directory: it lies where that now is', async () => {
  await using project = await Project.create();
  await using input = await PlainInput.at({ text: project.at('release/m'), location: undefined });
  await mkdir(project.at('release.old'));
  await rename(project.at('release'), project.at('release.old'));
  await symlink('other', project.at('release'));
  expect(project.config.keysToSeal(input.place)).toBeUndefined();
  await rm(project.at('release'));
  await rename(project.at('release.old'), project.at('release'));
  expect(await project.sealed(input)).toEqual(['strict', 'release']);
});

test('what is told and kept is the path and the name as they were given', async () => {
  await using sandbox = await Sandbox.create();
  const none = await sandbox.run(
    'weightseal keygen k -q; weightseal seal no/m --key local:k; weightseal seal no --key local:k',
  );
  expect(none.stderr).toContain('Could not open no/m. It does not exist');
  expect(none.stderr).toContain('Could not open no. It does not exist');
  const kept = await sandbox.run(
    'mkdir a && echo x > a/m && ln -s a b && weightseal seal b/m --key local:k && weightseal open b/m.sealed -o out --key local:k --json',
  );
  expect(kept.stdout).toContain('as "b/m.sealed"');
  expect(JSON.parse(kept.stdout.trim().split('\n').at(-1)!)).toMatchObject({ name: 'm' });
});

onLinux('a file that tells no size is sealed whole, with its name', async () => {
  await using sandbox = await Sandbox.create();
  const { stdout } = await sandbox.run(
    'weightseal keygen k -q; weightseal seal /proc/version -o v --key local:k -q && weightseal open v -o out --key local:k --json && cmp out /proc/version && echo same',
  );
  expect(stdout).toMatch(/"name":"version"[\s\S]*same/);
});
