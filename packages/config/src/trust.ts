import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ioError } from '@weightseal/core';
import { NoState, trustDirectory } from './state-directory.js';

const crypto: typeof import('node:crypto') = process.getBuiltinModule('node:crypto');

/** A file as it was read: where it lies, and what it says. */
export interface Content {
  /** By the real path of its directory. */
  readonly path: string;
  /** SHA-256, in hexadecimal. */
  readonly sha256: string;
}

export type Trust =
  | { readonly trusted: true }
  /** `why` says how it is instead, to the end of a sentence whose subject is the file or the place of what is trusted. */
  | { readonly trusted: false; readonly why: 'never' | 'changed' | NoState };

export function sha256(bytes: Uint8Array | string): string {
  return crypto.createHash('sha256').update(bytes).digest('hex');
}

/** Whether the user has said that he trusts the file of this path with just this content. */
export function trustIn(content: Content, env: NodeJS.ProcessEnv): Trust {
  const directory = trustDirectory(env, false);
  if (directory instanceof NoState) return { trusted: false, why: directory };
  if (directory === undefined) return { trusted: false, why: 'never' };
  try {
    if (isEntry(join(directory, nameOf(content)), content)) return { trusted: true };
    return { trusted: false, why: entriesOf(directory, content.path).length > 0 ? 'changed' : 'never' };
  } catch (error) {
    return {
      trusted: false,
      why: new NoState(ioError(error, `read ${directory}`).message.replace(/\.$/, '')),
    };
  }
}

/** Records it, durably. @throws the system's error */
export function record(content: Content, env: NodeJS.ProcessEnv): NoState | undefined {
  const directory = trustDirectory(env, true);
  if (directory === undefined || directory instanceof NoState) return directory;
  const temporary = join(directory, `.${crypto.randomBytes(8).toString('hex')}`);
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(fd, entryOf(content));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, join(directory, nameOf(content)));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(directory);
  return undefined;
}

/** Takes back all that was trusted by this path, whatever it said then. Returns how many there were. @throws the system's error */
export function forget(path: string, env: NodeJS.ProcessEnv): number | NoState {
  const directory = trustDirectory(env, false);
  if (directory === undefined) return 0;
  if (directory instanceof NoState) return directory;
  const entries = entriesOf(directory, path);
  for (const name of entries) rmSync(join(directory, name));
  syncDirectory(directory);
  return entries.length;
}

/** Of both, so that the same text in another place is trusted no more than another text in the same place. */
function nameOf({ path, sha256: content }: Content): string {
  return `${sha256(path)}-${content}`;
}

function entryOf(content: Content): string {
  return `${JSON.stringify({ path: content.path, sha256: content.sha256 })}\n`;
}

function entriesOf(directory: string, path: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith(`${sha256(path)}-`));
}

function isEntry(file: string, content: Content): boolean {
  const fd = openIfThere(file);
  if (fd === undefined) return false;
  try {
    const stats = fstatSync(fd);
    const me = process.geteuid?.();
    const isOurs = me === undefined || (stats.uid === me && (stats.mode & 0o022) === 0);
    return stats.isFile() && isOurs && readFileSync(fd, 'utf8') === entryOf(content);
  } finally {
    closeSync(fd);
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** So that the name is there after a power cut, too. Windows has no such thing. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
