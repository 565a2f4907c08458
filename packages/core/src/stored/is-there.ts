import { lstat, readdir } from 'node:fs/promises';
import { ENVELOPE_NAME, isReleaseDocument } from '../format/path.js';
import { whatLies } from './checked-piece.js';
import type { CopyChecks } from './checks.js';
import type { Piece } from './piece.js';
import { parentsOf, rank } from './plan.js';
import { comparedTo } from './put.js';

/** Whether the bundle that is to be copied is at the place already, all of it; where it is checked, nothing else, and nothing by a link. Returns what of it is public. */
export async function isThere(
  path: string,
  pieces: readonly Piece[],
  signal: AbortSignal | undefined,
  checks?: CopyChecks,
): Promise<{ readonly public: string[] } | undefined> {
  if (checks && !(await holdsOnly(path, pieces))) return undefined;
  const open: string[] = [];
  // The envelope first: it says of another bundle that it is one.
  for (const piece of pieces.toReversed()) {
    const lies = await sameAt(`${path}/${piece.path}`, piece, signal, checks);
    if (!lies) return undefined;
    if (rank('bundle', piece.path) === 0 && !lies.sealed && !isReleaseDocument(piece.path))
      open.push(piece.path);
  }
  return pieces.some(({ path: name }) => name === ENVELOPE_NAME) ? { public: open.sort() } : undefined;
}

async function sameAt(
  at: string,
  piece: Piece,
  signal: AbortSignal | undefined,
  checks: CopyChecks | undefined,
): Promise<{ readonly sealed: boolean } | undefined> {
  const expected = checks?.expected(piece.path);
  if (expected) return await whatLies(at, piece.size, expected, signal);
  await using from = await piece.open(signal);
  const compared = await comparedTo(at, from, signal);
  return compared?.same ? compared : undefined;
}

/** Whether a directory has these files, in directories of its own, and no other. */
async function holdsOnly(path: string, pieces: readonly Piece[]): Promise<boolean> {
  const files = new Set(pieces.map((piece) => piece.path));
  const directories = ['', ...parentsOf(pieces)];
  const known = new Set(directories);
  for (const directory of directories) {
    const at = directory === '' ? path : `${path}/${directory}`;
    if (!(await lstat(at).catch(() => undefined))?.isDirectory()) return false;
    for (const found of await readdir(at, { withFileTypes: true })) {
      const name = directory === '' ? found.name : `${directory}/${found.name}`;
      if (!(found.isDirectory() ? known : files).has(name)) return false;
    }
  }
  return true;
}
