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

/** Files that a configuration runs, by their paths as it has them: what they were when it was trusted. */
export type TrustedFiles = Readonly<Record<string, string>>;

export type Trust =
  | { readonly trusted: true; readonly files: TrustedFiles }
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
    const files = filesIn(join(directory, nameOf(content)), content);
    if (files !== undefined) return { trusted: true, files };
    return { trusted: false, why: entriesOf(directory, content.path).length > 0 ? 'changed' : 'never' };
  } catch (error) {
    return {
      trusted: false,
      why: new NoState(ioError(error, `read ${directory}`).message.replace(/\.$/, '')),
    };
  }
}

/** Records it, durably. @throws the system's error */
export function record(content: Content, files: TrustedFiles, env: NodeJS.ProcessEnv): NoState | undefined {
  const directory = trustDirectory(env, true);
  if (directory === undefined || directory instanceof NoState) return directory;
  const temporary = join(directory, `.${crypto.randomBytes(8).toString('hex')}`);
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(fd, entryOf(content, files));
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

function entryOf(content: Content, files: TrustedFiles): string {
  const more = Object.keys(files).length > 0 && { files };
  return `${JSON.stringify({ path: content.path, sha256: content.sha256, ...more })}\n`;
}

function entriesOf(directory: string, path: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith(`${sha256(path)}-`));
}

/** Undefined where the entry is not there, or none of ours. */
function filesIn(file: string, content: Content): TrustedFiles | undefined {
  const fd = openIfThere(file);
  if (fd === undefined) return undefined;
  try {
    const stats = fstatSync(fd);
    const me = process.geteuid?.();
    const isOurs = me === undefined || (stats.uid === me && (stats.mode & 0o022) === 0);
    if (!stats.isFile() || !isOurs) return undefined;
    const text = readFileSync(fd, 'utf8');
    const files = filesOf(text);
    return text === entryOf(content, files) ? files : undefined;
  } finally {
    closeSync(fd);
  }
}

/** An entry is one only as we write it, so what is no list of files is found out by writing it again. */
function filesOf(text: string): TrustedFiles {
  try {
    const { files = {} } = JSON.parse(text) as { readonly files?: unknown };
    const isList = typeof files === 'object' && files !== null && !Array.isArray(files);
    return isList ? (files as TrustedFiles) : {};
  } catch {
    return {};
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
