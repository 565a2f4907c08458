import { readFile, realpath, stat } from 'node:fs/promises';
import { resolve as absolute, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ioError, loadError, WeightsealError } from '@weightseal/core';
import { importTrusted, isContent, untrusted } from './import-trusted.js';
import { type Installed, installations, liesIn, ofOthers, packageIn } from './installed-package.js';
import { missingPackage } from './load-factory.js';
import { isModulePath } from './module-path.js';
import {
  type AnyProvider,
  isProvider,
  type ProviderModule,
  type ProviderSource,
  providersIn,
} from './other-provider.js';
import type { Words } from './words.js';

/** What may stand behind the name of a package: a path that stays in it. */
const INTO_PACKAGE = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.@~+-]+)*$/;

/** A provider, and how a sentence about it begins. */
export interface LoadedProvider {
  readonly provider: AnyProvider;
  readonly whose: string;
}

/**
 * The provider of a scheme: this runs its code, with all that the process may do.
 *
 * @throws PROVIDER_MISSING when it is not there; PROVIDER_INVALID when it does not load, or exports no provider of the scheme;
 *   INVALID_ARGUMENT; IO_ERROR when the machine refuses to load it
 */
export async function loadProvider(
  scheme: string,
  source: ProviderSource,
  words: Words,
): Promise<LoadedProvider> {
  const { module } = source;
  const whose =
    typeof module === 'string'
      ? `The provider ${JSON.stringify(module)}`
      : `The provider of ${words.many} of ${scheme}:`;
  if (typeof module === 'function')
    return { whose, provider: { scheme, options: [], fromUri: module as AnyProvider['fromUri'] } };
  const exported =
    typeof module === 'string'
      ? await imported(scheme, module, source, whose, words)
      : (module as ProviderModule);
  const providers = isProvider(exported) ? [exported] : providersIn(exported);
  const provider = providers.find((one) => one.scheme === scheme);
  if (provider) return { whose, provider };
  const others = [...new Set(providers.map((one) => `${one.scheme}:`))].join(', ');
  const lacks =
    others === '' ? 'exports no provider' : `has ${words.many} of ${others} and none of ${scheme}:`;
  throw invalid(
    `${whose} ${lacks}. It needs \`export const provider = ${words.define}({ scheme: '${scheme}', … })\` (weightseal help ${words.guide}).`,
  );
}

async function imported(
  scheme: string,
  module: string,
  source: ProviderSource,
  whose: string,
  words: Words,
): Promise<ProviderModule> {
  const url = isModulePath(module)
    ? await fileUrl(scheme, module, source, words)
    : await packageUrl(scheme, module, source, whose, words);
  try {
    if (source.sha256 === undefined) return await import(url);
    return await importTrusted(url, { ...source.imports, [fileURLToPath(url)]: source.sha256 });
  } catch (cause) {
    const name = typeof cause === 'object' && cause !== null ? missingPackage(cause) : undefined;
    if (name !== undefined)
      throw invalid(`${whose} needs the package ${name}, which is not installed where it lies.`, cause);
    if ((cause as NodeJS.ErrnoException | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw invalid(
        `${whose}: this Node cannot run it; TypeScript needs Node 22.18, or compile it first.`,
        cause,
      );
    // What it threw may hold anything, and is no text of ours.
    throw (
      loadError(cause, module) ??
      invalid(
        `${whose} fails when it is loaded; what it threw is the cause (WEIGHTSEAL_DEBUG=1 shows it).`,
        cause,
      )
    );
  }
}

async function fileUrl(
  scheme: string,
  module: string,
  { from, sha256 }: ProviderSource,
  { Many }: Words,
): Promise<string> {
  const [directory] = directoriesOf(from);
  if (!isAbsolute(module) && directory === undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `The provider ${JSON.stringify(module)} is a relative path; give \`from\`, the directory that it starts at, or give what the module exports.`,
    );
  // Not joined: where `..` leads behind a linked directory, only the kernel knows.
  const path = isAbsolute(module) ? module : `${directory}/${module}`;
  try {
    // A pipe would be waited for.
    if (!(await stat(path)).isFile()) throw invalid(`The provider ${JSON.stringify(module)} is no file.`);
    if (sha256 !== undefined && !isContent(await readFile(path), sha256)) throw untrusted(module);
    return pathToFileURL(await realpath(path)).href;
  } catch (error) {
    const failed = ioError(error, `load the provider ${path}`);
    if (failed.code !== 'INPUT_NOT_FOUND') throw failed;
    throw new WeightsealError(
      'PROVIDER_MISSING',
      `${Many} of ${scheme}: come from the file ${path}, which is not there; check its path.`,
      { cause: error },
    );
  }
}

async function packageUrl(
  scheme: string,
  module: string,
  { from, sha256 }: ProviderSource,
  whose: string,
  { Many }: Words,
): Promise<string> {
  const name = packageIn(module);
  if (name === undefined || !INTO_PACKAGE.test(module.slice(name.length)) || sha256 !== undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `${whose} is neither the name of a package nor a path, which begins with ./, ../ or /.`,
    );
  // Undefined in the single program, beside which nothing is installed.
  const beside: string | undefined = import.meta.dirname;
  for (const directory of [...directoriesOf(from), ...(beside === undefined ? [] : [beside])]) {
    const [installed] = installations(name, absolute(directory));
    if (installed !== undefined) return installedUrl(module, installed, whose);
  }
  const hint = /\.[cm]?[jt]s$/.test(module)
    ? `a file is named by its path, ./${module}`
    : `\`npm install ${name}\` (add --global where weightseal itself is installed so). One of your project's is named by its file, as in \`--provider ${scheme}=./node_modules/${name}/index.js\``;
  throw new WeightsealError(
    'PROVIDER_MISSING',
    `${Many} of ${scheme}: need a package that is not installed: ${hint}.`,
  );
}

/** Resolved from within `node_modules`: a directory around it that says itself to be that package is not asked. */
async function installedUrl(module: string, installed: Installed, whose: string): Promise<string> {
  const { resolve } = await import('import-meta-resolve');
  let url: string;
  let stranger: string | undefined;
  try {
    url = resolve(module, pathToFileURL(join(installed.modules, 'x')).href);
    if (!url.startsWith('file:') || !liesIn(fileURLToPath(url), installed.directory))
      throw new Error(`${url} is not in ${installed.directory}`);
    stranger = ofOthers(installed, fileURLToPath(url));
  } catch (cause) {
    throw (
      loadError(cause, module) ??
      invalid(`${whose} is installed, and has nothing to load by that name.`, cause)
    );
  }
  if (stranger === undefined) return url;
  throw invalid(
    `${whose} is not run, since ${stranger}. Have it be yours or root's, and nobody else's to write; or install it elsewhere.`,
  );
}

function directoriesOf(from: ProviderSource['from']): readonly string[] {
  return typeof from === 'string' ? [from] : (from ?? []);
}

function invalid(message: string, cause?: unknown): WeightsealError {
  return new WeightsealError('PROVIDER_INVALID', message, cause === undefined ? {} : { cause });
}
