import { expect, test } from 'vitest';
import { COMMANDS } from '../src/spec.js';
import { Sandbox } from './support/cli.js';

/** What each command needs to succeed, one after the other in the same place. */
const WORDS: Readonly<Record<string, string>> = {
  keygen: 'k2',
  seal: 'model -k local:k --force',
  open: 'model.sealed -o copy -k local:k',
  verify: 'model.sealed -k local:k',
  inspect: 'model.sealed',
  rewrap: 'model.sealed -k local:k',
  reseal: 'model.sealed -k local:k',
  run: 'model.sealed -k local:k -- true',
  sweep: '.',
  'keys list': '',
  'keys check': 'local:k',
  'config show': '',
  'config trust': '',
  'config untrust': '',
  rotate: 'local:k',
  completion: 'bash',
  help: 'seal',
  version: '',
};

/** The plaintext's place is of Linux, and the command has standard output. */
const ELSEWHERE = ['run'];

test('every command prints one JSON object where it succeeds, and one where it fails', async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.run(
    "weightseal keygen k; echo w > model; printf 'keys: { mine: local:k }' > weightseal.config.yaml; weightseal config trust; weightseal seal model -k local:k",
  );
  expect(Object.keys(WORDS).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  for (const { name } of COMMANDS) {
    if (ELSEWHERE.includes(name) && process.platform !== 'linux') continue;
    const words = WORDS[name]!.includes(' -- ')
      ? WORDS[name]!.replace(' -- ', ' --json -- ')
      : `${WORDS[name]} --json`;
    const { stdout, stderr, code } = await sandbox.run(`weightseal ${name} ${words}`);
    const [said, silent] = ELSEWHERE.includes(name) ? [stderr, stdout] : [stdout, stderr];
    expect({ name, code, silent }).toEqual({ name, code: 0, silent: '' });
    expect(JSON.parse(said), name).toBeTypeOf('object');
    const failed = await sandbox.run(`weightseal ${name} --json --nonsense`);
    expect({ name, code: failed.code, stdout: failed.stdout }).toEqual({ name, code: 2, stdout: '' });
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', class: 'usage' } });
  }
});
