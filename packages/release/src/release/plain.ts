import { basename, relative, resolve } from 'node:path';
import { changeDocument, WeightsealError } from '@weightseal/core';
import { MAX_BUNDLE_BYTES } from '../bundle/bundle.js';
import { compareWithDirectory } from '../directory/compare.js';
import { type DirectoryOptions, resourcesOfDirectory } from '../directory/resources.js';
import { type Signing, signStatement } from '../sign.js';
import type { SignedBy, TrustedSigner } from '../signers.js';
import { GIT_NAMES, MODEL_PREDICATE, type ModelStatement, statementOf } from '../statement/model.js';
import { verifyStatement } from '../verify.js';

// The plaintext of a model, which whoever has opened it can verify with any tool of OpenSSF Model Signing.

export interface SignDirectoryOptions extends DirectoryOptions {
  /** Whether a signature that is there may be replaced; the default is false. */
  readonly overwrite?: boolean | undefined;
}

/**
 * Signs the files of a directory, which are read once. Where the signature lies in the directory, it is passed over.
 *
 * @param output where the signature goes
 * @returns how many files were signed
 * @throws OUTPUT_EXISTS, what `resourcesOfDirectory` and `signStatement` throw
 */
export async function signDirectory(
  directory: string,
  output: string,
  how: Signing,
  options: SignDirectoryOptions = {},
): Promise<number> {
  const { overwrite = false, ignorePaths: given = GIT_NAMES, ...rest } = options;
  const ignorePaths = [...given, ...within(directory, output)];
  const resources = await resourcesOfDirectory(directory, { ...rest, ignorePaths });
  const name = basename(resolve(directory));
  const { allowSymlinks, signal } = rest;
  const payload = statementOf(resources, { name, ignorePaths, allowSymlinks });
  const signature = await signStatement(payload, how, { signal });
  const exists = () =>
    new WeightsealError(
      'OUTPUT_EXISTS',
      `${output} exists already: allow overwriting (--force; \`overwrite: true\` in a program), or choose another name.`,
    );
  const change = (before: Uint8Array | undefined): Promise<Uint8Array> => {
    if (before && !overwrite) throw exists();
    return Promise.resolve(signature);
  };
  await changeDocument(output, change, { mostBytes: MAX_BUNDLE_BYTES, tooLong: exists, signal });
  return resources.length;
}

export interface VerifyDirectoryOptions extends Omit<DirectoryOptions, 'ignorePaths' | 'allowSymlinks'> {
  /** Where the signature lies: passed over where that is in the directory. */
  readonly signaturePath?: string | undefined;
}

/**
 * Verifies a signature over the files of a directory, and then all of them.
 *
 * @throws MANIFEST_MISMATCH, what `verifyStatement` throws, INPUT_NOT_FOUND, IO_ERROR, ABORTED
 */
export async function verifyDirectory(
  directory: string,
  signature: Uint8Array,
  signers: readonly TrustedSigner[],
  options: VerifyDirectoryOptions = {},
): Promise<{ readonly signedBy: SignedBy; readonly statement: ModelStatement }> {
  const { signaturePath, ...rest } = options;
  const { statement, signedBy } = await verifyStatement(signature, signers, {
    predicateType: MODEL_PREDICATE,
    signal: rest.signal,
  });
  const model = statement as ModelStatement;
  await compareWithDirectory(model, directory, { ...rest, ignorePaths: within(directory, signaturePath) });
  return { signedBy, statement: model };
}

/** The path below the directory, where it is below. */
function within(directory: string, path: string | undefined): string[] {
  if (path === undefined) return [];
  const from = relative(resolve(directory), resolve(path)).replaceAll('\\', '/');
  return from === '' || from.startsWith('../') || from === '..' ? [] : [from];
}
