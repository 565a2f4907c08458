import { readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sandbox } from './support/cli.js';

/** A home in which the command line keeps what it compiles, one file for each command. */
async function withHome(): Promise<{
  sandbox: Sandbox;
  kept(): Promise<string[]>;
  say(words: string): Promise<unknown>;
}> {
  const sandbox = await Sandbox.create();
  await sandbox.run('mkdir -m 700 h; echo weights > model; HOME=$PWD/h weightseal keygen k -q');
  const directory = join(sandbox.path, 'h/.cache/weightseal-compiled');
  return {
    sandbox,
    // Node has a directory there, of what is imported.
    kept: async () =>
      (await readdir(directory))
        .filter((name) => /-[a-z]+$/.test(name))
        .map((name) => join(directory, name))
        .sort(),
    say: (words) => sandbox.run(`HOME=$PWD/h weightseal ${words}`),
  };
}

const OLD = new Date(2000, 1, 1);

describe.runIf(process.platform !== 'win32')('what a command has compiled', () => {
  test('is kept once for each command, for nobody else to read', async () => {
    const { sandbox, kept, say } = await withHome();
    await using _ = sandbox;
    await say('seal model --key local:k -q');
    for (let i = 0; i < 2; i++) await say('inspect model.sealed');
    await say('--version');
    const files = await kept();
    const commands = files.map((file) => file.slice(file.lastIndexOf('-') + 1));
    expect(commands.sort()).toEqual(['inspect', 'keygen', 'other', 'seal']);
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('is not written again', async () => {
    const { sandbox, kept, say } = await withHome();
    await using _ = sandbox;
    const [file] = await kept();
    await utimes(file!, OLD, OLD);
    await say('keygen l -q');
    expect((await stat(file!)).mtime).toEqual(OLD);
  });

  test('has nothing of what the command was given', async () => {
    const { sandbox, kept, say } = await withHome();
    await using _ = sandbox;
    await writeFile(join(sandbox.path, 'model'), 'plaintextual');
    await say('seal model -o somewhere --key local:k -c name=secretive -q');
    const [, file] = await kept();
    expect(file).toMatch(/-seal$/);
    const text = await readFile(file!, 'latin1');
    for (const given of ['plaintextual', 'secretive', 'somewhere']) expect(text).not.toContain(given);
    expect(text).toContain('AES-256-GCM');
  });

  test.each([0, 1, 20, 100_000])('is made anew where %i bytes of it are left', async (bytes) => {
    const { sandbox, kept, say } = await withHome();
    await using _ = sandbox;
    const [file] = await kept();
    const whole = await readFile(file!);
    await truncate(file!, bytes);
    expect(await say('keygen l -q')).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(file!)).size).toBeGreaterThan(whole.length / 2);
  });

  test('is not of words that are no commands', async () => {
    const { sandbox, kept, say } = await withHome();
    await using _ = sandbox;
    for (const words of ['nonsense', '../../../x', 'Seal'])
      expect(await say(words)).toMatchObject({ code: 2 });
    expect(await kept()).toHaveLength(1);
  });

  test('is of this very build', async () => {
    const { sandbox, kept } = await withHome();
    await using _ = sandbox;
    const bin = await readFile(new URL('../dist/bin.js', import.meta.url), 'utf8');
    const [, build] = /-([0-9a-f]{16})-keygen$/.exec((await kept())[0]!)!;
    expect(bin).toContain(build);
  });
});
