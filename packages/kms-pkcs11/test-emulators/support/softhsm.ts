import { execFileSync } from 'node:child_process';
import { type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';

/** The library of SoftHSM2; without it the tests of the file are skipped. */
export const library: string = process.env['WEIGHTSEAL_EMULATOR_SOFTHSM2'] ?? '';
const util = process.env['WEIGHTSEAL_EMULATOR_SOFTHSM2_UTIL'] ?? 'softhsm2-util';

/** `describe`, which tells in its title why it skips. */
export const describeOnSoftHsm = (title: string, body: () => void): void => {
  if (library === '')
    describe.skip(`${title} (skipped: WEIGHTSEAL_EMULATOR_SOFTHSM2 names no library)`, body);
  else describe(title, body);
};

export interface Token {
  readonly label: string;
  readonly pin: string;
}

export interface ImportedKey {
  readonly label: string;
  readonly id: string;
  /** What the token holds, known to the test so that it can look for it, and compute with it. */
  readonly secret: Buffer;
}

/** Tokens of its own for a test file: SoftHSM finds them by an environment variable, which helpers inherit. */
export const directory: string = library === '' ? '' : mkdtempSync(join(tmpdir(), 'weightseal-softhsm-'));
export const tokens: string = join(directory, 'tokens');

if (library !== '') {
  mkdirSync(tokens);
  const configuration = join(directory, 'softhsm2.conf');
  writeFileSync(
    configuration,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env['SOFTHSM2_CONF'] = configuration;
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
}

export function createToken(label: string = `token-${randomUUID().slice(0, 8)}`): Token {
  const pin = `pin-${randomUUID()}`.slice(0, 30);
  softhsm('--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', 'so-12345678');
  return { label, pin };
}

export function importKey(
  token: Token,
  label: string = `key-${randomUUID()}`,
  id: string = '01',
): ImportedKey {
  // softhsm2-util 2.6 reads the file as a line of text: a zero or a line feed would end the key early.
  const secret = Buffer.from(randomBytes(32).map((byte) => (byte === 0 || byte === 10 ? 1 : byte)));
  const file = join(directory, randomUUID());
  writeFileSync(file, secret, { mode: 0o600 });
  softhsm(
    '--import',
    file,
    '--aes',
    '--token',
    token.label,
    '--label',
    label,
    '--id',
    id,
    '--pin',
    token.pin,
    '--force',
  );
  rmSync(file);
  return { label, id, secret };
}

/** A private key, and its public one beside it. */
export function importPair(
  token: Token,
  key: KeyObject,
  label: string = `pair-${randomUUID()}`,
  id: string = randomBytes(8).toString('hex'),
): { readonly label: string; readonly id: string } {
  const file = join(directory, randomUUID());
  writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const named = ['--label', label, '--id', id, '--token', token.label, '--pin', token.pin];
  softhsm('--import', file, ...named);
  rmSync(file);
  return { label, id };
}

function softhsm(...args: readonly string[]): void {
  execFileSync(util, args, { stdio: 'pipe' });
}
