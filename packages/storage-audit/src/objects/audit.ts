import {
  checkOptions,
  inOrder,
  listSealed,
  type StoredAt,
  type StoredEntry,
  type WeightsealError,
} from '@weightseal/core';
import { found, toldOf } from './found.js';
import { lookAtVersions } from './older.js';
import { type Place, placeOf } from './place.js';
import { lookAtPlain } from './plain.js';
import { readableBy } from './readable.js';
import { checkShare, isSampled } from './sample.js';
import { lookAtSealed } from './sealed.js';
import type { AuditedObject, ObjectAuditOptions } from './types.js';
import { lookAtUnlisted } from './unlisted.js';
import { lookAtUploads } from './uploads.js';

const AT_ONCE = 16;
/** FORMAT.md §26.4: the mark of a bundle that is on its way into a store. */
const SEALING_NAME = 'weightseal.sealing';
const A_DAY_MS = 86_400_000;

/**
 * What lies at a place, or below it, one after another in the order of the listing, and what is wrong with each: plain weights, sealed ones that nobody has signed, that others can open than should,
 * or that are damaged; then objects of a store that no listing of weightseal has, older versions, and uploads that nobody completes. Needs no key, writes and removes nothing, reads of each object its head only, of a bundle also its manifest and the heads of what lies in it, and holds no more in memory however many there are. It goes on behind a `cursor`; what came or went meanwhile is met or not, by its name. What is left out by `after` or `sample`
 * is still listed, by its first bytes.
 *
 * @throws INPUT_NOT_FOUND, INVALID_ARGUMENT, ABORTED, STORE_UNSUPPORTED for a store that lists nothing, and the codes of class `store` and `io` of the listing. What of a single object cannot be read
 *   is a finding of it, `unread`
 */
export async function* auditObjects(
  at: StoredAt,
  options: ObjectAuditOptions = {},
): AsyncGenerator<AuditedObject, void, undefined> {
  checkOptions(
    options,
    {
      sample: 'any',
      after: 'string',
      keys: 'strings',
      verify: 'function',
      versions: 'function',
      signal: 'signal',
    },
    'auditObjects',
  );
  const { sample = 1, after, signal } = options;
  checkShare(sample);
  const place = placeOf(at);
  const isDone = (entry: StoredEntry) =>
    after !== undefined && place.isNotAfter(place.cursorOf(entry), after);
  const unreadable: Unreadable[] = [];
  const chosen = async function* (): AsyncGenerator<StoredEntry | Unreadable, void, undefined> {
    const onUnreadable = (path: string, error: WeightsealError) => {
      const entry = { kind: 'other', path, error } as const;
      if (!isDone(entry) && !hasGone(entry)) unreadable.push(entry);
    };
    for await (const entry of listSealed(at, { recursive: true, onUnreadable, signal })) {
      yield* unreadable.splice(0);
      if (!isDone(entry) && isSampled(entry.path, sample)) yield entry;
    }
    yield* unreadable.splice(0);
  };
  for await (const audited of inOrder(chosen(), AT_ONCE, (entry) => lookAt(place, entry, options)))
    if (audited) yield audited;
  if (!place.location) return;
  yield* lookAtUnlisted(place, place.location, sample, signal);
  if (options.versions) yield await lookAtVersions(place, options.versions, signal);
  yield* await lookAtUploads(place.location, signal);
}

/** What the listing could not look at, or into. */
interface Unreadable extends StoredEntry {
  readonly error: WeightsealError;
}

/** One whose name is no UTF-8 is not found under the name that it is told by, and has not gone. */
function hasGone({ path, error }: Unreadable): boolean {
  return error.code === 'INPUT_NOT_FOUND' && !path.includes('\ufffd');
}

async function lookAt(
  place: Place,
  entry: StoredEntry | Unreadable,
  options: ObjectAuditOptions,
): Promise<AuditedObject | undefined> {
  const { kind, path, sealedSize: size } = entry;
  const told = { path, cursor: place.cursorOf(entry), ...(size !== undefined && { size }) };
  if ('error' in entry) {
    const evidence = `What lies there, or below it, could not be looked at. ${toldOf(entry.error)}`;
    return { kind: 'other', ...told, findings: [found('plain', place.nameOf(path), 'unread', evidence)] };
  }
  if (kind === 'sealed' || kind === 'bundle') {
    const sealed = await lookAtSealed(place, entry, options);
    return sealed && { kind, ...told, ...sealed };
  }
  const byName = nameKindOf(entry);
  const known = byName === 'upload' ? begun(place, entry) : [];
  const plain = await lookAtPlain(place, entry, options.signal);
  if (!plain) return undefined;
  const { kind: seen, findings } = plain;
  return {
    ...told,
    ...plain,
    kind: seen === 'other' && byName !== undefined ? byName : seen,
    findings: [...known, ...findings, ...(seen === 'weights' ? await readableBy(place, entry) : [])],
  };
}

function nameKindOf({ kind, path }: StoredEntry): 'release' | 'upload' | undefined {
  if (kind === 'release' || kind === 'directory') return 'release';
  return `/${path}`.endsWith(`/${SEALING_NAME}`) ? 'upload' : undefined;
}

function begun(place: Place, { path, modified }: StoredEntry): AuditedObject['findings'] {
  const since = modified === undefined ? Number.NaN : Date.parse(modified);
  if (since > Date.now() - A_DAY_MS) return [];
  const resource = place.nameOf(path);
  return Number.isNaN(since)
    ? [found('incomplete', resource, 'unread', 'A bundle is not complete; when it began is not known.')]
    : [found('incomplete', resource, 'failed', `A bundle that was begun ${modified} was never completed.`)];
}
