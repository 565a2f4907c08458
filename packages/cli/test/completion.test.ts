import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { complete } from '../src/completing/complete.js';
import { COMMANDS } from '../src/spec.js';
import { Sandbox } from './support/cli.js';

// Shells side by side: nearly all of their time they wait for what is typed.
vi.setConfig({ maxConcurrency: 10 });

const driver = fileURLToPath(new URL('support/type.py', import.meta.url));

function isHere(...programs: string[]): boolean {
  try {
    for (const program of programs) execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function offered(...words: string[]): Promise<string[]> {
  return (await complete(words)).map((one) => (one.kind === 'word' ? one.word : `<${one.kind}>`));
}

describe('what is offered', () => {
  test('first is every command and group, once', async () => {
    const first = COMMANDS.map(({ name }) => name.split(' ')[0]!);
    expect(await offered('')).toEqual([...new Set(first), '--help', '--version']);
    expect(await offered('in')).toEqual(['inspect']);
    expect(await offered('keys', '')).toEqual(['list', 'check']);
    expect(await offered('nonsense', '')).toEqual([]);
  });

  test('are the options that are not there yet, and those that may be there again', async () => {
    expect(await offered('open', 'x', '--ch')).toEqual(['--check-digest']);
    expect(await offered('open', 'x', '--check-digest', '--ch')).toEqual([]);
    expect(await offered('open', 'x', '-k', 'local:k', '-')).toContain('--key');
    expect(await offered('keys', 'list', '')).toContain('--profile');
    expect(await offered('run', 'x', '')).toContain('--');
  });

  test('are the values of options', async () => {
    expect(await offered('run', 'x', '--release', '')).toEqual(['after-exit', 'on-ready']);
    expect(await offered('run', 'x', '--where=')).toEqual(['<prefix>', 'auto', 'own', 'existing']);
    expect(await offered('run', 'x', '--directory', '')).toEqual(['<directories>']);
    expect(await offered('seal', 'x', '-o', '')).toEqual(['<files>']);
    expect(await offered('seal', 'x', '--context', '')).toEqual([]);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('are directories where a bundle stands, and files and directories where either does', async () => {
    expect(await offered('list', '')).toEqual(['<directories>']);
    for (const command of ['seal', 'open', 'verify', 'inspect', 'rewrap'])
      expect(await offered(command, '')).toEqual(['<files>']);
    expect(await offered('seal', 'x', '--reuse', '')).toEqual(['<directories>']);
    expect(await offered('open', 'x', '--only', '')).toEqual([]);
    expect(await offered('open', 'x', '--on')).toEqual(['--only']);
    expect(await offered('open', 'x', '--only', 'a', '--on')).toEqual(['--only']);
  });

  test('are the beginnings of stores, once one is being typed', async () => {
    expect(await offered('inspect', 's3')).toEqual(['s3://', '<files>']);
    expect(await offered('inspect', '')).toEqual(['<files>']);
    expect(await offered('cp', 'a', 'gs')).toEqual(['gs://', '<files>']);
    expect(await offered('cp', 'a', 'b', '')).not.toContain('<files>');
    expect(await offered('ls', 'az')).toEqual(['az://', '<directories>']);
    expect(await offered('seal', 'x', '-o', 's')).toEqual(['s3://', '<files>']);
    // Plaintext goes to none.
    expect(await offered('open', 'x', '-o', 's')).toEqual(['<files>']);
  });

  test('are keys: what a URI begins with, and files behind local: and passphrase:', async () => {
    expect(await offered('open', '--key', 'a')).toEqual(['aws-kms://', 'azure-kv://']);
    expect(await offered('open', '--key', 'local:m')).toEqual(['<paths>']);
    expect(await offered('rotate', 'local:')).toEqual(['<paths>']);
    expect(await offered('seal', 'x', '--key=local:')).toEqual(['<prefix>', '<paths>']);
    expect(await offered('open', '--key', 'passphrase:')).toEqual([
      'passphrase:',
      'passphrase:./',
      'passphrase:/',
    ]);
    expect(await offered('open', '--key', 'passphrase:secret')).toEqual([]);
    expect(await offered('open', '--key', 'passphrase:./')).toEqual(['<paths>']);
  });

  test('is the command that is run, with its arguments, behind --', async () => {
    expect(await complete(['run', 'x', '--key', 'local:k', '--', ''])).toEqual([
      { kind: 'command', after: 5 },
    ]);
    expect(await complete(['run', 'x', '--', 'cat', '-'])).toEqual([{ kind: 'command', after: 3 }]);
    expect(await offered('seal', '--', '-')).toEqual(['<files>']);
  });
});

test('names and profiles of a configuration are offered once it is trusted or named', async () => {
  await using sandbox = await Sandbox.create();
  const names = async (words: string) =>
    (await sandbox.run(`weightseal __complete ${words} | grep '^word' | cut -f 2`)).stdout.split('\n');
  const text = 'keys: { mine: local:k }\nprofiles: { dev: { keys: { more: local:k } } }\n';
  await sandbox.run(`printf '${text}' > weightseal.config.yaml; cp weightseal.config.yaml other.yaml`);
  expect(await names("open --key 'm'")).toEqual(['']);
  expect(await names("open --config other.yaml --key 'm'")).toEqual(['mine', 'more', '']);
  await sandbox.run('weightseal config trust');
  expect(await names("open --key 'm'")).toEqual(['mine', 'more', '']);
  expect(await names("open --key 'a'")).toEqual(['aws-kms://', 'azure-kv://', '']);
  expect(await names("seal --profile ''")).toEqual(['dev', '']);
  expect(await names("keys check ''")).toContain('mine');
  expect(await names('help in')).toEqual(['inspect', 'install', '']);
  expect(await names("help keys ''")).toEqual(['list', 'check', '']);
  expect(await names("help ''")).toEqual(expect.arrayContaining(['seal', 'key-uris', 'NO_SPACE']));
});

/** What is typed before the tab, and what stands there after it. */
const TYPED: readonly (readonly [string, string])[] = [
  ['weightseal insp', 'weightseal inspect '],
  ['weightseal keys ch', 'weightseal keys check '],
  ['weightseal open --ou', 'weightseal open --output '],
  ['weightseal seal --key lo', 'weightseal seal --key local:'],
  ['weightseal seal --key local:some', 'weightseal seal --key local:some.key '],
  ['weightseal seal --key=local:some', 'weightseal seal --key=local:some.key '],
  ['weightseal seal --key passphrase:./so', 'weightseal seal --key passphrase:./some.key '],
  ['weightseal seal my', 'weightseal seal my\\ model.bin '],
  ['weightseal run x --release on', 'weightseal run x --release on-ready '],
  ['weightseal run x --release=on', 'weightseal run x --release=on-ready '],
  ['weightseal run x -- readlin', 'weightseal run x -- readlink'],
  ['weightseal run x -- cat some', 'weightseal run x -- cat some.key '],
  ['weightseal open --key prod', 'weightseal open --key production-key '],
  ['weightseal open --profile st', 'weightseal open --profile staging '],
  ['weightseal open llama.s', 'weightseal open llama.sealed/'],
  ['weightseal list llama', 'weightseal list llama.sealed/'],
  ['weightseal help NO_M', 'weightseal help NO_MATCHING_KEY '],
];

/** With names that a shell would take for more, as a downloaded directory may have them; and with a program of that directory. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['./weightseal insp', './weightseal insp'],
  ['weightseal seal --key local:x', 'weightseal seal --key local:x\\$\\(touch\\ RAN\\)'],
  ['weightseal seal x', 'weightseal seal x\\$\\(touch\\ RAN\\)'],
];

// biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's.
const COLONS = 'COMP_WORDBREAKS=${COMP_WORDBREAKS//:}';

describe.concurrent('in a real shell, what a directory brings along is quoted and not run', () => {
  for (const [name, shell, more] of [
    ['bash', 'bash', ''],
    ['bash that does not split words at colons', 'bash', COLONS],
    ['zsh', 'zsh', ''],
    ['fish', 'fish', ''],
  ] as const) {
    test.skipIf(!isHere('python3', shell))(`${name} (where it and Python are installed)`, async () => {
      await using sandbox = await Sandbox.create();
      await sandbox.run(
        `touch 'x$(touch RAN)'; printf '#!/bin/sh\ntouch RAN' > weightseal; chmod +x weightseal; mkdir script bin; touch 'bin/odd;name'; chmod +x bin/*; weightseal completion ${shell} > script/c; printf '%s\n' '${more}' 'PATH=$PWD/bin:$PATH' >> script/c`,
      );
      // fish has its own commands, and completes them by itself.
      const command = ['weightseal run x -- odd', 'weightseal run x -- odd\\;name'] as const;
      const typing = shell === 'fish' ? HOSTILE : [...HOSTILE, command];
      const running = sandbox.start(`python3 '${driver}' ${shell} script/c`);
      running.stdin.end(JSON.stringify(typing));
      const { stdout, stderr } = await running.outcome;
      expect(stderr).toBe('');
      const said = JSON.parse(stdout) as string[];
      for (const [at, [typed, expected]] of typing.entries()) expect(said[at], typed).toContain(expected);
      expect((await sandbox.run('ls RAN')).code).not.toBe(0);
    });
  }
});

describe.concurrent('in a real shell, what is typed is completed', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    test.skipIf(!isHere('python3', shell))(`${shell} (where it and Python are installed)`, async () => {
      await using sandbox = await Sandbox.create();
      const text = 'keys: { production-key: local:some.key }\nprofiles: { staging: {} }\n';
      await sandbox.run(
        `weightseal keygen some.key; echo w > 'my model.bin'; mkdir llama.sealed; printf '${text}' > weightseal.config.yaml; weightseal config trust; mkdir script; weightseal completion ${shell} > script/c`,
      );
      const running = sandbox.start(`python3 '${driver}' ${shell} script/c`);
      running.stdin.end(JSON.stringify(TYPED));
      const { stdout, stderr } = await running.outcome;
      expect(stderr).toBe('');
      const said = JSON.parse(stdout) as string[];
      for (const [at, [typed, expected]] of TYPED.entries()) expect(said[at], typed).toContain(expected);
    });
  }
});
