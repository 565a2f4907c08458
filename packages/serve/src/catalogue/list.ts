import { inOrder } from '@weightseal/core';
import type { Grant } from '@weightseal/transit';
import { isHidden } from '../http/path.js';
import type { Candidate, Root } from '../root/root.js';
import type { Catalogue, Entry } from './catalogue.js';

const AHEAD = 8;
const PIECE = 32_768;

/** The index in pieces, however long it is: what this client may have. */
export async function* indexPieces(
  root: Root,
  catalogue: Catalogue,
  grant: Grant,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let text = '{"format":"weightseal index v1","releases":[';
  let first = true;
  const entries = inOrder(root.list(signal), AHEAD, (candidate) => entryOf(catalogue, candidate, signal));
  for await (const entry of entries) {
    if (!entry || !grant.allows(entry.model, entry.version)) continue;
    text += `${first ? '' : ','}\n${JSON.stringify(shown(entry))}`;
    first = false;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield `${text}\n]}\n`;
}

async function entryOf(
  catalogue: Catalogue,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  return isHidden(candidate.path) ? undefined : await catalogue.entry(candidate, signal);
}

function shown({ path, kind, model, version, byPath, manifest, manifestSha256, sealedSize }: Entry): object {
  return {
    path,
    kind,
    ...(!byPath && { model }),
    ...(version !== undefined && { version }),
    ...(manifest !== undefined && { manifest }),
    ...(manifestSha256 !== undefined && { manifestSha256 }),
    sealedSize,
  };
}
