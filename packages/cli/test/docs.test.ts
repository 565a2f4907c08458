import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { help } from '../src/help.js';
import { parse } from '../src/parse.js';
import { COMMANDS } from '../src/spec.js';
import { Sandbox } from './support/cli.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const HELP = globSync(['docs/*.md', 'docs/{providers,stores}/*.md'], { cwd: ROOT });
const GUIDES = ['README.md', ...globSync(['docs/**/*.md', 'packages/*/README.md'], { cwd: ROOT })].sort();
/** Guides that `weightseal help` does not have, and those whose names differ there. */
const NOT_IN_HELP = ['performance'];
const NAMES: Record<string, string> = {
  'docs/providers/README.md': 'providers',
  'docs/providers/own.md': 'own-provider',
  'docs/stores/README.md': 'stores',
  'docs/stores/own.md': 'own-store',
};

/** The words of a command as a shell would see them; enough for what stands in a guide. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain!,
  );
}

/** What is typed after `weightseal`, up to the end of the command or a comment. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
  return blocks.flatMap((block) =>
    [...block.matchAll(/(?<!["'])\bweightseal ((?!<)[^|&#\n]+)/g)]
      .map(([, command]) => command!.trim())
      .filter((one) => !one.startsWith('@')),
  );
}

describe('every command in the guides is one', () => {
  for (const guide of GUIDES) {
    test(guide, async () => {
      const text = await readFile(join(ROOT, guide), 'utf8');
      for (const command of commandsIn(text)) {
        expect(() => parse(words(command)), command).not.toThrow();
      }
    });
  }

  test('and so is every example of the help', () => {
    const examples = COMMANDS.flatMap(({ examples: lines }) =>
      commandsIn(`\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`),
    );
    expect(examples.length).toBeGreaterThan(COMMANDS.length);
    for (const command of examples)
      expect(() => parse(words(command.replace(/>.*/, ''))), command).not.toThrow();
  });
});

test('every guide is in the help', async () => {
  await using sandbox = await Sandbox.create();
  const { stderr } = await sandbox.run('weightseal help no-such-guide');
  const [, told] = /The guides are ([^;]+);/.exec(stderr) ?? [];
  const prefix = (path: string) => (path.startsWith('docs/stores/') ? 'store-' : '');
  const names = HELP.map((path) => NAMES[path] ?? `${prefix(path)}${basename(path, '.md')}`);
  expect(told?.split(', ')).toEqual(names.filter((name) => !NOT_IN_HELP.includes(name)).sort());
  const { stdout } = await sandbox.run('weightseal help own-provider');
  expect(stdout).toMatch(/^# A provider of your own\n/);
  expect(stdout).not.toContain('<!--');
});

test('every variable that the help names is in the guide', async () => {
  const guide = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const variables = help(undefined).match(/WEIGHTSEAL_[A-Z_]+/g) ?? [];
  expect(variables).toContain('WEIGHTSEAL_DEBUG');
  expect(variables.filter((name) => !guide.includes(`\`${name}`))).toEqual([]);
});

test('so is every member of what `config show --json` prints', async () => {
  const guide = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  await using sandbox = await Sandbox.create();
  const { stdout } = await sandbox.run(
    `printf 'keys: { a: { uri: "vault://h/t/keys/a", formerUris: ["vault://i/t/keys/a"], deadlineMs: 1 } }\nrecipients: [{ path: a, keys: [a] }]\nopen: [a]\ndeadlineMs: 1\nhedgeMs: 1\nprofile: p\nprofiles: { p: {} }\nproviders: { c: { module: c, options: {} } }' > weightseal.config.yaml && weightseal config show --json`,
  );
  const namesIn = (value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([name, inner]) => [
          ...(Array.isArray(value) ? [] : [name]),
          ...namesIn(inner),
        ]);
  const names = namesIn(JSON.parse(stdout));
  expect(names).toContain('requiredContext');
  expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});
