import { homedir } from 'node:os';
import { ioError, systemFailure, WeightsealError, wipe } from '@weightseal/core';
import { readNamedFile, UnfitFile } from './named-file.js';
import { scrubbed } from './scrub.js';

export type VaultToken = string | ((signal: AbortSignal) => string | Promise<string>);

const FILE = '.vault-token';

/**
 * The token, looked for anew at each call, since agents renew it: the option, VAULT_TOKEN, BAO_TOKEN, ~/.vault-token. Undefined when there is
 * none: a Vault Agent or Proxy on this machine adds its own.
 *
 * A key's URI can come out of a file that somebody else wrote. So what lies in the environment goes only where the environment says that it
 * belongs: to VAULT_ADDR or BAO_ADDR.
 *
 * @param address the origin that the token would be sent to
 * @throws KEY_DENIED
 */
export async function findToken(
  option: VaultToken | undefined,
  address: string,
  stop: AbortSignal,
): Promise<string | undefined> {
  const token = ((await given(option, stop)) || (await ambient(address)))?.trim();
  if (!token) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw denied('The Vault token holds characters that no token has; check where it comes from.');
}

async function ambient(address: string): Promise<string | undefined> {
  const { VAULT_TOKEN, BAO_TOKEN, VAULT_ADDR, BAO_ADDR } = process.env;
  const token = VAULT_TOKEN || BAO_TOKEN || (await inFile());
  if (!token || [VAULT_ADDR, BAO_ADDR].some((one) => one && originOf(one) === address)) return token;
  throw denied(
    `There is a Vault token in the environment, and it is for another server or none in particular. If it is for ${address}, say so: VAULT_ADDR=${address}`,
  );
}

function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}

async function given(option: VaultToken | undefined, stop: AbortSignal): Promise<string | undefined> {
  if (option === undefined || typeof option === 'string') return option;
  let cause: Error | undefined;
  try {
    const token: unknown = await option(stop);
    // Nothing is no reason to go on as somebody else, with the token of the environment.
    if (typeof token === 'string' && token.trim() !== '') return token;
  } catch (thrown) {
    cause = scrubbed(thrown);
  }
  throw denied('The option `token` gave no Vault token.', cause);
}

/** What of the machine's failures is about who may read the file. */
const REFUSALS = ['EACCES', 'EPERM', 'ERR_ACCESS_DENIED', 'EISDIR', 'ELOOP', 'ENOTDIR', 'ENXIO'];

/** Where `vault login` and `bao login` leave it. */
async function inFile(): Promise<string | undefined> {
  let bytes: Buffer | undefined;
  try {
    bytes = await readNamedFile(`${homedir()}/${FILE}`);
    return bytes.toString('utf8');
  } catch (cause) {
    if (cause instanceof UnfitFile)
      throw denied(`The Vault token in ~/${FILE} cannot be read: ${cause.message}.`, cause);
    const { errno = '', hint = '' } = systemFailure(cause) ?? {};
    if (errno === 'ENOENT') return undefined;
    if (!REFUSALS.includes(errno)) throw ioError(cause, `read the Vault token in ~/${FILE}`);
    throw denied(`The Vault token in ~/${FILE} cannot be read. ${hint}`, scrubbed(cause));
  } finally {
    wipe(bytes);
  }
}

function denied(message: string, cause?: Error): WeightsealError {
  return new WeightsealError('KEY_DENIED', message, cause && { cause });
}
