import { createHash } from 'node:crypto';
import { comparePaths, folded, pathProblem, shown, WeightsealError } from '@weightseal/core';
import { invalid, list, member, object, text } from './invalid.js';
import {
  MAX_STATEMENT_BYTES,
  parseAnyStatement,
  SHA256_HEX,
  STATEMENT_TYPE,
  type Statement,
  sha256,
} from './statement.js';

// The predicate of OpenSSF Model Signing 1.0 (https://github.com/sigstore/model-transparency), for digests of whole files.

export const MODEL_PREDICATE = 'https://model_signing/signature/v1.0';
/** What the reference implementation passes over unless told otherwise. */
export const GIT_NAMES: readonly string[] = ['.git', '.gitattributes', '.github', '.gitignore'];

const MOST_IGNORED = 4096;

/** A file of a model. */
export interface Resource {
  /** Its path below the model's directory, with `/` between names. */
  readonly name: string;
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly digest: string;
}

/** A statement about the files of a model. */
export interface ModelStatement extends Statement {
  readonly resources: readonly Resource[];
  /** What was passed over when it was made: files, and directories with all that is in them. */
  readonly ignorePaths: readonly string[];
  /** Whether links to files counted as the files that they lead to. */
  readonly allowSymlinks: boolean;
}

export interface StatementOptions {
  /** What the model is called: the name of its directory. */
  readonly name: string;
  /** Paths that were passed over; the names of git unless told. */
  readonly ignorePaths?: readonly string[] | undefined;
  /** Whether links to files counted as files; false unless told. */
  readonly allowSymlinks?: boolean | undefined;
}

/**
 * The statement about these files, in JSON: what is to be signed. The same files give the same bytes, in whichever order they come.
 *
 * @throws PATH_INVALID, INVALID_ARGUMENT
 */
export function statementOf(resources: readonly Resource[], options: StatementOptions): Uint8Array {
  const { name, ignorePaths = GIT_NAMES, allowSymlinks = false } = options;
  const sorted = resources
    .map(({ name, digest }) => ({ name, algorithm: 'sha256', digest }))
    .sort((a, b) => comparePaths(a.name, b.name));
  const problem = problemOf(sorted) ?? ignoredProblem(ignorePaths);
  if (problem !== undefined) throw new WeightsealError('PATH_INVALID', `${problem}; rename it.`);
  const bad = sorted.find(({ digest }) => !SHA256_HEX.test(digest));
  if (bad) throw argument(`The digest of ${shown(bad.name)} is not 64 lower-case hexadecimal digits.`);
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: digestOver(sorted) } }],
    predicateType: MODEL_PREDICATE,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: allowSymlinks,
        ignore_paths: [...new Set(ignorePaths)].sort(comparePaths),
      },
      resources: sorted,
    },
  };
  const bytes = Buffer.from(JSON.stringify(statement));
  if (bytes.length > MAX_STATEMENT_BYTES)
    throw argument(
      `The statement would have ${bytes.length} bytes, more than ${MAX_STATEMENT_BYTES}; sign parts of it.`,
    );
  return bytes;
}

function argument(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}

/** @throws SIGNATURE_INVALID */
export function parseStatement(bytes: Uint8Array): ModelStatement {
  return asModelStatement(parseAnyStatement(bytes));
}

/** Checks what a statement says of a model. @throws SIGNATURE_INVALID */
export function asModelStatement(statement: Statement): ModelStatement {
  if (statement.predicateType !== MODEL_PREDICATE)
    throw invalid(`The statement is about something else than a model (${MODEL_PREDICATE})`);
  const predicate = object(statement.predicate, 'The predicate');
  const serialization = object(member(predicate, 'serialization'), 'The serialization');
  const { ignorePaths, allowSymlinks } = parseSerialization(serialization);
  const resources = list(member(predicate, 'resources'), 'The list of files', Infinity).map(parseResource);
  const problem = problemOf(resources);
  if (problem !== undefined) throw invalid(problem);
  if (digestOver(resources) !== statement.subject.digest)
    throw invalid('The statement contradicts itself: its digest is not the one over its files');
  return { ...statement, resources, ignorePaths, allowSymlinks };
}

function parseSerialization(serialization: Readonly<Record<string, unknown>>) {
  const method = text(member(serialization, 'method'), 'The method of the serialization', 100);
  if (method === 'shards')
    throw invalid(
      'The statement is about parts of files (shards), which are not read here: sign whole files',
    );
  if (method !== 'files') throw invalid('The statement is about something else than whole files');
  if (member(serialization, 'hash_type') !== 'sha256')
    throw invalid('The statement has other digests than SHA-256, which are not read here');
  const allowSymlinks = member(serialization, 'allow_symlinks');
  if (typeof allowSymlinks !== 'boolean')
    throw invalid('The statement does not say whether links counted as files');
  const ignored = list(
    member(serialization, 'ignore_paths') ?? [],
    'The list of what is passed over',
    MOST_IGNORED,
  );
  const ignorePaths = ignored.map((path) => text(path, 'A path that is passed over', MAX_PATH_CHARACTERS));
  const problem = ignoredProblem(ignorePaths);
  if (problem !== undefined) throw invalid(problem);
  return { ignorePaths, allowSymlinks };
}

const MAX_PATH_CHARACTERS = 4096;

function parseResource(value: unknown): Resource {
  const resource = object(value, 'A file in the statement');
  if (member(resource, 'algorithm') !== 'sha256')
    throw invalid('A file in the statement has another digest than SHA-256, which is not read here');
  return {
    name: text(member(resource, 'name'), 'The name of a file', MAX_PATH_CHARACTERS),
    digest: sha256(member(resource, 'digest'), 'The digest of a file'),
  };
}

function ignoredProblem(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== undefined) return `${shown(path)}, which is to be passed over, is no path: ${problem}`;
  }
  return undefined;
}

/** Names lead below the model's directory, and are different on every file system. */
function problemOf(resources: readonly { readonly name: string }[]): string | undefined {
  const seen = new Map<string, string>();
  for (const { name } of resources) {
    const problem = pathProblem(name);
    if (problem !== undefined) return `${shown(name)} is no path of a model: ${problem}`;
    const key = folded(name);
    const other = seen.get(key);
    if (other === name) return `${shown(name)} is there twice`;
    if (other !== undefined)
      return `${shown(name)} differs from ${shown(other)} only in case or in how its letters are composed`;
    seen.set(key, name);
  }
  return undefined;
}

/** SHA-256 over the digests, in the order in which they stand. */
function digestOver(resources: readonly { readonly digest: string }[]): string {
  const hash = createHash('sha256');
  for (const { digest } of resources) hash.update(digest, 'hex');
  return hash.digest('hex');
}
