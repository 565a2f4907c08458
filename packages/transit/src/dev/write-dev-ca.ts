import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import {
  checkOptions,
  checkPath,
  durableFlags,
  ioError,
  makeDurable,
  WeightsealError,
  wipe,
} from '@weightseal/core';
import { readRegular } from '../files.js';
import { readCertificates } from '../x509/certificate.js';
import { createDevCa, type DevCaOptions } from './dev-ca.js';

export interface WriteDevCaOptions extends DevCaOptions {
  /** Whether files that are there are replaced, where they are of an authority for development; the default is false. */
  readonly force?: boolean | undefined;
  /** Whether the root's private key is written too; the default is false, and then nobody can issue by it any more. */
  readonly keepRootKey?: boolean | undefined;
}

export interface WrittenDevCa {
  /** Names of the files, in the directory. */
  readonly files: readonly string[];
  readonly notAfter: Date;
}

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const OWNER_ONLY = 0o600;
const CERTIFICATES = ['ca.pem', 'server.pem', 'client.pem'];
const MOST_BYTES = 65_536;

/**
 * A new authority for development, with a certificate for a server and one for a client, as files of mode 0600: ca.pem, server.pem, server-key.pem, client.pem, client-key.pem.
 *
 * @throws OUTPUT_EXISTS, INVALID_ARGUMENT, NO_SPACE, IO_ERROR
 */
export async function writeDevCa(
  directory: string | URL,
  options: WriteDevCaOptions = {},
): Promise<WrittenDevCa> {
  const known = { name: 'string', trustDomain: 'string', force: 'boolean', keepRootKey: 'boolean' } as const;
  const {
    force = false,
    keepRootKey = false,
    ...rest
  } = checkOptions(options, known, 'An authority for development');
  const at = checkPath(directory, 'The directory of an authority for development');
  using ca = createDevCa(rest);
  const [server, client] = [ca.issue('server'), ca.issue('client')];
  const files: Record<string, Buffer> = {
    'ca.pem': Buffer.from(ca.certificate),
    'server.pem': Buffer.from(server.certificate),
    'server-key.pem': server.key,
    'client.pem': Buffer.from(client.certificate),
    'client-key.pem': client.key,
    ...(keepRootKey && { 'ca-key.pem': ca.rootKey() }),
  };
  try {
    await mkdir(at, { recursive: true, mode: 0o700 });
    const names = Object.keys(files);
    await checkFree(at, [...names, 'ca-key.pem'], force);
    await writeAll(at, files);
    // The key of a root that is no more would only mislead.
    if (force && !keepRootKey) await unlink(`${at}/ca-key.pem`).catch(unlessMissing);
    return { files: names, notAfter: ca.notAfter };
  } catch (error) {
    throw ioError(error, `write an authority for development into ${at}`);
  } finally {
    wipe(...Object.values(files));
  }
}

async function checkFree(at: string, names: readonly string[], force: boolean): Promise<void> {
  for (const name of names) {
    const there = await lstat(`${at}/${name}`).catch(unlessMissing);
    if (!there) continue;
    if (force && (await isOurs(at))) return;
    throw new WeightsealError(
      'OUTPUT_EXISTS',
      force
        ? `${at}/${name} exists already, and what is there is not known to be of an authority for development, so that \`force\` replaces nothing. Choose another directory.`
        : `${at}/${name} exists already. Choose another directory, or replace all of it: \`force\`, on the command line --force.`,
    );
  }
}

/** Other authorities call their files so, too: what they have must not be lost by a slip. */
async function isOurs(at: string): Promise<boolean> {
  const found = await Promise.all(
    CERTIFICATES.map(async (name) => {
      const bytes = await readRegular(`${at}/${name}`, MOST_BYTES).catch(unlessMissing);
      // Of those below the authority one may have been moved away.
      if (bytes === undefined) return name !== 'ca.pem';
      return readCertificates(bytes.toString('latin1'), name).every((one) => one.isDevelopment);
    }),
  ).catch(() => [false]);
  return found.every(Boolean);
}

/** All are written beside their places before the first takes its place, so that a full disk leaves what was there. */
async function writeAll(at: string, files: Readonly<Record<string, Buffer>>): Promise<void> {
  const beside = new Map<string, string>();
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const path = `${at}/.${name}.${process.pid}.new`;
      const handle = await open(path, NEW | durableFlags(), OWNER_ONLY);
      beside.set(path, `${at}/${name}`);
      await fill(handle, bytes);
    }
    for (const [path, to] of beside) {
      await rename(path, to);
      beside.delete(path);
    }
  } finally {
    for (const path of beside.keys()) await unlink(path).catch(() => {});
  }
}

async function fill(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await handle.writeFile(bytes);
    await makeDurable(handle);
  } finally {
    await handle.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
