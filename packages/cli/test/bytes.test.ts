import { describe, expect, test } from 'vitest';
import { checkArguments } from '../src/bytes.js';
import { MODEL, type Outcome, sandboxesAfter } from './support/cli.js';

const E = `$(printf '\\350')`;
const linux = process.platform === 'linux';

const withModel = sandboxesAfter(MODEL);

async function inSandbox(command: string): Promise<Outcome & { readonly files: readonly string[] }> {
  await using sandbox = await withModel();
  const outcome = await sandbox.run(command);
  return { ...outcome, files: await sandbox.files() };
}

const FILES = ['k', 'model', 'model.sealed', 'model.sealed.weightseal.manifest.json'];

describe.runIf(linux)('an argument that is not UTF-8 is refused (on Linux)', () => {
  test.each([
    ['a context', `seal model -o new -k local:k -c model=mod${E}le`, '8 (model=mod\\xe8le)'],
    ['an output', `open model.sealed -o d${E}but -k local:k`, '4 (d\\xe8but)'],
    ['an input', `seal mod${E}le -k local:k`, '2 (mod\\xe8le)'],
    ['a name', `seal model -o new --name ${E} -k local:k`, '6 (\\xe8)'],
    ['a key', `seal model -o new -k local:${E}`, '6 (local:\\xe8)'],
    ['a file to be made', `keygen ${E}`, '2 (\\xe8)'],
    ['half a character', `keygen $(printf 'a\\303')`, '2 (a\\xc3)'],
    ['half a surrogate pair', `keygen $(printf '\\355\\240\\200')`, '2 (\\xed\\xa0\\x80)'],
    ['an option', `seal model --${E}`, '3 (--\\xe8)'],
    ['what stands behind --', `seal -k local:k -- ${E}`, '5 (\\xe8)'],
    ['beside one that shows the same sign', `seal '\u{FFFD}' -k local:${E}`, '4 (local:\\xe8)'],
  ])('%s', async (_, command, which) => {
    const { code, stdout, stderr, files } = await inSandbox(`weightseal ${command}`);
    expect({ code, stdout, files }).toEqual({ code: 2, stdout: '', files: FILES });
    expect(stderr).toContain(`Argument ${which} is not UTF-8`);
    expect(stderr).toContain('code: INVALID_ARGUMENT');
  });

  test('of a command too, and is not repeated', async () => {
    const { code, stderr } = await inSandbox(`weightseal run model.sealed -k local:k -- echo tok${E}en`);
    expect(code).toBe(2);
    expect(stderr).toContain('Argument 7 is not UTF-8');
    expect(stderr).not.toContain('tok');
  });

  test('and told as JSON where that is asked for', async () => {
    const { stderr } = await inSandbox(`weightseal keygen ${E} --json`);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', class: 'usage' } });
  });
});

describe.runIf(linux)('UTF-8 is taken as it is (on Linux)', () => {
  test.each(['\u{FFFD}', 'Gewicht-é-模型', '\u{1F600}'])('%s', async (text) => {
    const { code, files } = await inSandbox(
      `weightseal seal model -o '${text}' -k local:k -c 'a=${text}' -q`,
    );
    expect(code).toBe(0);
    expect(files).toContain(text);
  });

  test('with options of Node before it', async () => {
    const { code, files } = await inSandbox(
      `NODE_OPTIONS= ${process.execPath} --no-warnings --stack-size=900 $(sed -n "s/^exec '[^']*' '\\([^']*\\)'.*/\\1/p" "$(command -v weightseal)") keygen '\u{FFFD}' -q`,
    );
    expect(code).toBe(0);
    expect(files).toContain('\u{FFFD}');
  });
});

test('where the bytes cannot be seen, the sign itself is refused', () => {
  expect(() => checkArguments(['seal', 'a\u{FFFD}'])).toThrow(/Argument 2 .* is not UTF-8/);
  expect(() => checkArguments(['seal', 'é'])).not.toThrow();
});

describe.runIf(linux)('a variable that is not UTF-8 is refused where it matters (on Linux)', () => {
  test.each([
    ['WEIGHTSEAL_CONFIG', 'seal model -o new -k local:k'],
    ['WEIGHTSEAL_PROFILE', 'verify model.sealed -k local:k'],
    ['WEIGHTSEAL_PASSPHRASE', 'seal model -o new -k passphrase:'],
    ['TMPDIR', 'run model.sealed -k local:k -- true'],
    ['XDG_RUNTIME_DIR', 'sweep .'],
  ])('%s', async (name, command) => {
    const { code, stderr, files } = await inSandbox(`${name}=s${E}cret weightseal ${command}`);
    expect({ code, files }).toEqual({ code: 2, files: FILES });
    expect(stderr).toContain(`The variable ${name} is not UTF-8`);
    expect(stderr).not.toContain('cret.');
  });

  test('and only there', async () => {
    expect(
      await inSandbox(`OTHER=${E} TMPDIR=${E} weightseal verify model.sealed -k local:k -q`),
    ).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  test('and not where it holds the sign itself', async () => {
    const seal =
      "WEIGHTSEAL_PASSPHRASE='\u{FFFD}' weightseal seal model -o new -k passphrase: -q --allow-weak-passphrase";
    expect(await inSandbox(seal)).toMatchObject({ code: 0, stderr: '' });
  });
});
