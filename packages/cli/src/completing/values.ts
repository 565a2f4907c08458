import { errorRows, pages } from '../pages.js';
import { COMMANDS, type Command, type Flag } from '../spec.js';
import type { Offer } from './complete.js';
import { configurationNames } from './configuration-names.js';
import { isPlain } from './plain.js';

type Flags = ReadonlyMap<string, readonly string[]>;

const SCHEMES = [
  ['local:', 'a key file'],
  ['passphrase:', 'asked for, or from a file'],
  ['aws-kms://', 'a key of AWS KMS'],
  ['gcp-kms://', 'a key of Google Cloud KMS'],
  ['azure-kv://', 'a key of Azure Key Vault'],
  ['pkcs11:', 'a key of an HSM'],
  ['vault://', 'a key of Vault'],
] as const;

const STORES = [
  ['s3://', 'S3, or what speaks it'],
  ['gs://', 'Google Cloud Storage'],
  ['az://', 'Azure Blob Storage'],
  ['https://', 'a web server; only read'],
] as const;

/** What an option's value can be. */
export async function valuesOf(flag: Flag, typed: string, flags: Flags): Promise<Offer[]> {
  if (flag.values) return words(flag.values);
  if (flag.value === 'key') return await keys(typed, flags);
  if (flag.name === 'profile') return words((await configurationNames(flags)).profiles);
  if (flag.name === 'keep-env') return words(Object.keys(process.env).filter(isPlain));
  if (flag.name === 'directory') return [{ kind: 'directories' }];
  if (flag.value === 'bundle' || flag.value === 'place') return [...inStores(typed), { kind: 'directories' }];
  if (flag.value !== 'file') return [];
  return [...(flag.inStores ? inStores(typed) : []), { kind: 'files' }];
}

/** What the command itself can be about. */
export async function operandValues(
  { name, operand, values }: Command,
  typed: string,
  flags: Flags,
  before: readonly string[],
): Promise<Offer[]> {
  if (values) return words(values);
  if (name === 'help') return topics(before);
  if (operand === '<key>') return await keys(typed, flags);
  const isDirectory = operand === '<directory>' || operand === '<bundle>' || operand === '<place>';
  return [...inStores(typed), { kind: isDirectory ? 'directories' : 'files' }];
}

/** The beginnings of stores' URIs, once one of them is being typed. What is in a store nobody is asked for. */
function inStores(typed: string): Offer[] {
  return STORES.filter(([word]) => typed !== '' && word.startsWith(typed)).map(([word, about]) => ({
    kind: 'word',
    word,
    about,
  }));
}

async function keys(typed: string, flags: Flags): Promise<Offer[]> {
  if (typed.startsWith('local:')) return [{ kind: 'paths', prefix: 'local:' }];
  // A bare word behind it is refused: it would be the passphrase itself.
  if (/^passphrase:[./]/.test(typed)) return [{ kind: 'paths', prefix: 'passphrase:' }];
  if (typed.startsWith('passphrase:')) return words(['passphrase:', 'passphrase:./', 'passphrase:/']);
  const named = (await configurationNames(flags)).keys;
  return [
    ...named.map(({ name, uri }): Offer => ({ kind: 'word', word: name, about: uri })),
    ...SCHEMES.map(([word, about]): Offer => ({ kind: 'word', word, about })),
  ];
}

function topics([first]: readonly string[]): Offer[] {
  const names = COMMANDS.map(({ name }) => name.split(' '));
  if (first !== undefined)
    return words(names.flatMap(([group, second]) => (group === first && second ? [second] : [])));
  return words([
    ...new Set(names.map(([name]) => name!)),
    ...pages(),
    ...errorRows().map(({ code }) => code),
  ]);
}

function words(all: readonly string[]): Offer[] {
  return all.map((word) => ({ kind: 'word', word }));
}
