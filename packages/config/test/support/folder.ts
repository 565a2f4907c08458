import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config, type LoadOptions, loadConfig, trustConfig } from '@weightseal/config';

/** A directory of its own for a test, with the files that the test names. */
export class Folder implements AsyncDisposable {
  readonly path: string;
  /** Where what is trusted is kept, instead of the home of whoever runs the tests. */
  readonly home: NodeJS.ProcessEnv;

  private constructor(path: string, home: string) {
    this.path = path;
    this.home = { HOME: home };
  }

  static async with(files: Readonly<Record<string, string>>): Promise<Folder> {
    const make = async (name: string) => realpath(await mkdtemp(join(tmpdir(), name)));
    const folder = new Folder(await make('weightseal-config-'), await make('weightseal-home-'));
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    return folder;
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  load({ env, ...options }: LoadOptions = {}): Promise<Config> {
    return loadConfig({ cwd: this.path, env: { ...this.home, ...env }, ...options });
  }

  /** Says that the one that is found is trusted, and loads it. */
  async trusted(options: LoadOptions = {}): Promise<Config> {
    await trustConfig({ cwd: this.path, env: this.home });
    return await this.load(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of [this.path, this.home['HOME']!]) await rm(path, { recursive: true, force: true });
  }
}

/** The configuration that a text in YAML makes. */
export async function fromYaml(text: string, options: LoadOptions = {}): Promise<Config> {
  await using folder = await Folder.with({ 'weightseal.config.yaml': text });
  return await folder.load({ path: 'weightseal.config.yaml', ...options });
}
