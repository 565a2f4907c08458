import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ioError, WeightsealError } from '@weightseal/core';
import { isModulePath } from '@weightseal/keys';
import { type ConfigFile, readCode } from './config-file.js';
import { from } from './kernel-path.js';
import type { TrustedFiles } from './trust.js';

/** More than any provider is made of that is no package. */
const MAX_FILES = 1000;
/** And more that it names: a stranger's file could have us look for names for hours, also where nothing of it is run. */
const MAX_NAMES = 10_000;
/** Whatever stands in quotation marks and can be a file beside: to take one too many for code does no harm. */
const RELATIVE = /(["'`])(\.{1,2}\/[^"'`\n]{1,512})\1/g;
const ENDINGS = ['', '.js', '.cjs', '.json', '/index.js', '/index.json'];
const IS_CODE = /\.(?:[cm]?[jt]s|json|node|wasm)$/;

/**
 * What the files are that a configuration which was only found would run: those that it names, by their paths as it has them, and those that these
 * name in turn by relative paths, by their real paths. Packages are not among them: they were installed, and are many files. Nor is what a
 * program only works out when it runs; that is then refused, as all else is that is not here.
 *
 * @throws CONFIG_INVALID for what is somebody else's, or no file; INPUT_NOT_FOUND, IO_ERROR
 */
export function filesOf(modules: Iterable<string>, directory: string): TrustedFiles {
  const found = new Map<string, string>();
  const looked = { at: 0 };
  for (const path of [...new Set(modules)].filter(isModulePath).sort())
    add(path, from(directory, path), found, looked);
  return Object.fromEntries(found);
}

function add(name: string, path: string, found: Map<string, string>, looked: { at: number }): void {
  if (found.has(name)) return;
  if (found.size >= MAX_FILES) throw tooMuch(`is made of more than ${MAX_FILES} files`);
  const { bytes, sha256 } = read(path);
  found.set(name, sha256);
  const directory = dirname(realpathSync.native(path));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const literals = new Set([...text.matchAll(RELATIVE)].map(([, , literal]) => literal!));
  looked.at += literals.size;
  if (looked.at > MAX_NAMES) throw tooMuch(`names more than ${MAX_NAMES} others`);
  for (const literal of literals) {
    // Names beyond ASCII are in UTF-8.
    const relative = Buffer.from(literal, 'latin1')
      .toString()
      .replace(/[?#].*$/, '');
    const file = ENDINGS.map((end) => from(directory, `${relative}${end}`)).find(isCode);
    if (file !== undefined) add(realpathSync.native(file), file, found, looked);
  }
}

function tooMuch(what: string): WeightsealError {
  return new WeightsealError('CONFIG_INVALID', `A provider ${what}; make it a package.`);
}

function isCode(path: string): boolean {
  try {
    return IS_CODE.test(path) && statSync(path).isFile();
  } catch {
    return false;
  }
}

function read(path: string): ConfigFile {
  try {
    const file = readCode(path);
    if (typeof file !== 'string') return file;
    throw new WeightsealError(
      'CONFIG_INVALID',
      `The provider ${path} ${file}, so it is not run for a configuration that was only found. If you trust it, name the configuration with --config or WEIGHTSEAL_CONFIG.`,
    );
  } catch (error) {
    throw ioError(error, `read the provider ${path}`);
  }
}

/** The first file that is not what it was when the configuration was trusted. */
export function changedFile(trusted: TrustedFiles, files: TrustedFiles): string | undefined {
  return Object.keys(files).find((path) => !Object.hasOwn(trusted, path) || trusted[path] !== files[path]);
}
