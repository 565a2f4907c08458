import { describe, expect, test } from 'vitest';
import { MODEL, type Outcome, sandboxesAfter } from './support/cli.js';

const withModel = sandboxesAfter(MODEL);

async function inSandbox(command: string): Promise<Outcome & { readonly files: readonly string[] }> {
  await using sandbox = await withModel();
  const outcome = await sandbox.run(command);
  return { ...outcome, files: await sandbox.files() };
}

const FILES = ['k', 'model', 'model.sealed', 'model.sealed.weightseal.manifest.json'];

describe.runIf(process.platform === 'linux')('a stream that is closed (on Linux)', () => {
  test.each([
    ['seal - -o new -k local:k <&-', 'Standard input is closed'],
    ['open - -o new -k local:k <&-', 'Standard input is closed'],
    ['verify - -k local:k <&-', 'Standard input is closed'],
    ['seal - -o new -k local:k 0>/dev/null', 'open for writing only'],
    ['open model.sealed -o - -k local:k >&-', 'Standard output is closed'],
    ['seal model -o - -k local:k >&-', 'Standard output is closed'],
    ['open model.sealed -o - -k local:k 1<model', 'Standard output cannot be written to'],
    ['keygen new >&-', 'Standard output is closed'],
    ['inspect model.sealed >&-', 'Standard output is closed'],
    ['inspect model.sealed --json >&-', 'Standard output is closed'],
    ['seal model -o new -k local:k --json >&-', 'Standard output is closed'],
    ['keys check local:k >&-', 'Standard output is closed'],
    ['rotate local:k --json >&-', 'Standard output is closed'],
    ['completion bash >&-', 'Standard output is closed'],
    ['--version >&-', 'Standard output is closed'],
    ['--help >&-', 'Standard output is closed'],
  ])('is an error where it has the data: %s', async (command, message) => {
    const { code, stdout, stderr, files } = await inSandbox(`weightseal ${command}`);
    expect({ code, stdout, files }).toEqual({ code: 6, stdout: '', files: FILES });
    expect(stderr).toContain(message);
    expect(stderr).toContain('IO_ERROR');
  });

  test('is told before a key is asked', async () => {
    const command = "script -qec 'weightseal open model.sealed -o - -k passphrase: >&-' /dev/null";
    const { stdout } = await inSandbox(command);
    expect(stdout).toContain('Standard output is closed');
    expect(stdout).not.toContain('assphrase');
  });

  test.each([
    'seal model -o new -k local:k -q <&-',
    'seal model -o new -k local:k >&-',
    'seal model -o new -k local:k <&- >&- 2>&-',
    'open model.sealed -o new -k local:k -q <&- >&- 2>&-',
  ])('is none where only a summary would go there, and no file takes its place: %s', async (command) => {
    const outcome = await inSandbox(
      `weightseal ${command}; code=$?; weightseal verify model.sealed -k local:k -q || exit; exit $code`,
    );
    const made = command.startsWith('seal') ? ['new', 'new.weightseal.manifest.json'] : ['new'];
    expect(outcome).toMatchObject({ code: 0, stdout: '', files: [...FILES, ...made].sort() });
  });

  test.each([
    ['verify nothing -k local:k 2>&-', 6],
    ['verify nothing -k local:k >&- 2>&-', 6],
    ['open model.sealed -o - -k local:k >&- 2>&-', 6],
    ['verify model.sealed -k local:k -c a=b 2>&-', 5],
    ['verify model.sealed -k local:k 2>&-', 0],
  ])('leaves the exit code as it is: %s', async (command, code) => {
    expect(await inSandbox(`weightseal ${command}`)).toMatchObject({ code, stderr: '' });
  });
});

describe('what is no closed stream', () => {
  test.each([
    ['an empty input', 'weightseal seal - -o new -k local:k -q < /dev/null'],
    ['output that is thrown away', 'weightseal open model.sealed -o - -k local:k > /dev/null'],
    ['results that are thrown away', 'weightseal inspect model.sealed --json > /dev/null'],
    [
      'output and errors that a program throws away as Python and Node do',
      'weightseal keygen new 1<>/dev/null 2<>/dev/null',
    ],
    ['a summary to such an output', 'weightseal verify model.sealed -k local:k 1<>/dev/null'],
  ])('%s', async (_, command) => {
    expect(await inSandbox(command)).toMatchObject({ code: 0 });
  });
});

test
  .runIf(process.platform === 'linux')
  .each(['open model.sealed -o - -k local:k', 'inspect model.sealed', 'keygen new'])(
  'a full disk behind standard output: %s',
  async (command) => {
    const { code, stderr } = await inSandbox(`weightseal ${command} > /dev/full`);
    expect(code).toBe(6);
    expect(stderr).toContain('NO_SPACE');
  },
);

test
  .runIf(process.platform === 'linux')
  .each([
    'verify model.sealed -k local:k',
    'open model.sealed -o - -k local:k',
    'open model.sealed -o new -k local:k',
    'run model.sealed -k local:k -- true',
  ])('notes that nobody can read change nothing: %s', async (command) => {
  expect(await inSandbox(`weightseal ${command} 2> /dev/full`)).toMatchObject({ code: 0 });
});
