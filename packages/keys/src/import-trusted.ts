import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WeightsealError } from '@weightseal/core';
import { type Installed, installations, liesIn, ofOthers, packageIn } from './installed-package.js';

/** What files must be, by their real paths: SHA-256 in hexadecimal. */
export type Contents = Readonly<Record<string, string>>;

/** The files of a provider by their URLs, and what they must be. */
type Held = ReadonlyMap<string, string>;

/** By the URL of the file that the provider is named by. */
const held = new Map<string, Held>();
let isHooked = false;

export function isContent(bytes: string | Uint8Array, wanted: string): boolean {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(bytes).digest('hex') === wanted;
}

export function untrusted(module: string): WeightsealError {
  return refused(
    `The provider ${JSON.stringify(module)} is not what it was when its configuration was trusted, and is not run. Look at it, then \`weightseal config trust\`.`,
  );
}

/**
 * Imports a module, and sees that what is run of files is what was trusted, from now on: the very bytes, however fast a file is exchanged, whatever a
 * path leads to then, and however late it is imported.
 *
 * @throws CONFIG_UNTRUSTED, also where Node has no hooks for that; and what the module throws
 */
export async function importTrusted(
  url: string,
  contents: Contents,
): Promise<Readonly<Record<string, unknown>>> {
  hook(fileURLToPath(url));
  held.set(url, new Map(Object.entries(contents).map(([path, hash]) => [pathToFileURL(path).href, hash])));
  return await import(url);
}

function hook(path: string): void {
  if (isHooked) return;
  const { registerHooks } = process.getBuiltinModule('node:module');
  if (!registerHooks)
    throw refused(
      `The provider ${path} has to be what it was when its configuration was trusted, and Node ${process.version} cannot see to that. Use Node 22.15 or later (of 23, 23.5 or later), or name the configuration with --config or WEIGHTSEAL_CONFIG.`,
    );
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      checkImport(specifier, context.parentURL, resolved.url);
      return resolved;
    },
    load(asked, context, next) {
      const loaded = next(asked, context);
      const url = plain(asked);
      const wanted = [...held.values()].flatMap((files) => files.get(url) ?? []);
      if (wanted.length === 0) return loaded;
      const { source } = loaded;
      const bytes = source === undefined || source === null ? undefined : bytesOf(source);
      if (bytes === undefined || !wanted.some((one) => isContent(bytes, one)))
        throw untrusted(fileURLToPath(url));
      return loaded;
    },
  });
  isHooked = true;
}

/** What a file of a provider imports is Node's own, of a package that is installed, or one of those files. */
function checkImport(specifier: string, parentUrl: string | undefined, result: string): void {
  if (parentUrl === undefined || result.startsWith('node:')) return;
  const parent = plain(parentUrl);
  const holders = holdersOf(parent);
  if (holders.length === 0) return;
  const url = plain(result);
  // What is no JavaScript is mapped by the system, and nobody sees the bytes.
  if (!url.endsWith('.node') && holders.some((files) => files.has(url))) return;
  const imports = `The provider's file ${fileURLToPath(parent)} imports ${JSON.stringify(specifier)}, which`;
  const installed = packageOf(specifier, parent, url);
  if (installed === undefined)
    throw refused(
      `${imports} is not among the files that were trusted, and is not run. Name it there by its relative path in quotation marks and with its ending, make it a package, or name the configuration with --config or WEIGHTSEAL_CONFIG.`,
    );
  const stranger = ofOthers(installed, fileURLToPath(url));
  if (stranger !== undefined)
    throw refused(
      `${imports} is not run, since ${stranger}. Have it be yours or root's, and nobody else's to write; or name the configuration with --config or WEIGHTSEAL_CONFIG.`,
    );
}

/** Whose file it is; or, since `createRequire` takes any path for who asks, in whose directories, where it is no module that could ask. */
function holdersOf(parent: string): readonly Held[] {
  const directory = directoryOf(parent);
  const isNear = (one: string) => one.startsWith(directory) || isUnder(directory, directoryOf(one));
  return [...held.values()].filter(
    (files) => files.has(parent) || ([...files.keys()].some(isNear) && !isModule(parent)),
  );
}

/** But for what is installed there, which asks for itself. */
function isUnder(directory: string, top: string): boolean {
  return directory.startsWith(top) && !directory.slice(top.length - 1).includes('/node_modules/');
}

function directoryOf(url: string): string {
  return url.slice(0, url.lastIndexOf('/') + 1);
}

/** A program may have no ending. */
const CODE = /\.[cm]?[jt]sx?$|\/[^/.]+$/;

function isModule(url: string): boolean {
  return CODE.test(url) && url.startsWith('file:') && isFile(fileURLToPath(url));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** By its name alone: where it says itself to be that package, Node does not look in `node_modules`. */
function packageOf(specifier: string, parent: string, url: string): Installed | undefined {
  const name = packageIn(specifier);
  if (name === undefined || !url.startsWith('file:')) return undefined;
  try {
    const file = fileURLToPath(url);
    return [...installations(name, dirname(fileURLToPath(parent)))].find(({ directory }) =>
      liesIn(file, directory),
    );
  } catch {
    return undefined;
  }
}

/** Without `?query` and `#fragment`, with which a file is another module. */
function plain(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function bytesOf(
  source: string | NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer,
): string | Uint8Array {
  if (typeof source === 'string') return source;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

function refused(message: string): WeightsealError {
  return new WeightsealError('CONFIG_UNTRUSTED', message);
}
