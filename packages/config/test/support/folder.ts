import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config, type LoadOptions, loadConfig } from '@weightseal/config';

/** A directory of its own for a test, with the files that the test names. */
export class Folder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async with(files: Readonly<Record<string, string>>): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), 'weightseal-config-')));
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    return folder;
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  load(options: LoadOptions = {}): Promise<Config> {
    return loadConfig({ cwd: this.path, env: {}, ...options });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** The configuration that a text in YAML makes. */
export async function fromYaml(text: string, options: LoadOptions = {}): Promise<Config> {
  await using folder = await Folder.with({ 'weightseal.config.yaml': text });
  return await folder.load(options);
}
