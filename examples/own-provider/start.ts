// A key of a company's own KMS on the command line: by a configuration, and without one.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CorpKms, TOKEN } from './server.ts';

const { resolve } = createRequire(import.meta.url);
const bin = join(dirname(resolve('weightseal/package.json')), 'dist/bin.js');
const directory = await mkdtemp(join(tmpdir(), 'weightseal-own-provider-'));
const kms = new CorpKms();
try {
  const env = { ...process.env, CORP_KMS_URL: await kms.listen(), WEIGHTSEAL_CORP_KMS_TOKEN: TOKEN };
  kms.make('models');
  const weightseal = async (...words: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [bin, ...words], {
      cwd: import.meta.dirname,
      env,
    });
    return stdout;
  };
  const [plain, sealed, copy] = ['weights', 'weights.sealed', 'copy'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  await writeFile(plain, randomBytes(3_000_000));

  // Named, the configuration needs no trust; found, it would run nothing before `weightseal config trust`.
  const config = ['--config', 'weightseal.config.yaml'];
  await weightseal('keys', 'check', ...config);
  await weightseal('seal', plain, '-o', sealed, '--context', 'model=tiny', ...config);
  await weightseal('rotate', 'models', ...config);
  await weightseal('rewrap', sealed, ...config);
  await weightseal('open', sealed, '-o', copy, '--context', 'model=tiny', ...config);
  if (!(await readFile(copy)).equals(await readFile(plain))) throw new Error('other bytes came back');

  // Without a configuration: the flag names the code that is run.
  const key = ['--key', 'corp-kms://models', '--provider', 'corp-kms=./corp-kms.ts'];
  await weightseal('verify', sealed, ...key);
  console.log('own provider: sealed, rotated, rewrapped and opened with a key of our own KMS');
} finally {
  await kms[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
}
