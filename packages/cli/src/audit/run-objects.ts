import type { WeightsealError } from '@weightseal/core';
import type { AuditState, ObjectAuditOptions, ObjectTally } from '@weightseal/storage-audit';
import { fs } from '../builtins.js';
import { core } from '../core.js';
import { note } from '../notes.js';
import type { Place } from '../place.js';
import { quote } from '../text.js';
import type { Args, Session } from '../types.js';
import { storageAudit } from './load.js';
import type { Asked } from './objects.js';

/** Whoever kills it loses so much. */
const KEPT_EVERY_MS = 5_000;
const TOLD_EVERY = 100;

/** Where an audit of objects goes on. */
interface Begun {
  readonly tally: ObjectTally;
  readonly started: string;
  readonly after: string | undefined;
}

export interface Looked {
  readonly tally: ObjectTally;
  /** Of the object that was looked at last. */
  readonly cursor: string | undefined;
}

/**
 * Looks at what lies there. With --state it keeps how far it is, and goes on where another was cut off: also where it is stopped by a signal.
 *
 * @throws CONFIG_INVALID for a state of another audit
 */
export async function lookAtObjects(
  args: Args,
  place: Place,
  { options, whom }: Asked,
  session: Pick<Session, 'waiting'>,
): Promise<Looked> {
  const { auditObjects } = await storageAudit();
  const path = args.one('state');
  const { sample = 1, keys = [], verify } = options;
  // The same word names another directory elsewhere.
  const where = place.location ? place.text : await realpathOf(place.text);
  const of = JSON.stringify([where, sample, keys, verify !== undefined, whom]);
  const { tally, started, ...begun } = await begin(args, place, options, path, of);
  let [cursor, count, kept, isLast] = [begun.after, 0, Date.now(), false];
  const keep = async () => {
    if (path === undefined || cursor === undefined || isLast) return;
    await write(path, { of, started, after: cursor, tally: tally.save() });
    kept = Date.now();
  };
  try {
    for await (const object of auditObjects(place.at, { ...options, after: cursor })) {
      // From here on nothing has a cursor: whoever goes on looks at it anew, and must not count it twice.
      if (object.cursor === undefined && !isLast) {
        await keep();
        isLast = true;
      }
      tally.add(object);
      cursor = object.cursor ?? cursor;
      if (++count % TOLD_EVERY === 0) session.waiting(`${count} objects of ${quote(place.text)} looked at`);
      if (Date.now() - kept > KEPT_EVERY_MS) await keep();
    }
  } catch (error) {
    await keep();
    throw error;
  }
  if (path !== undefined) await fs.promises.rm(path, { force: true });
  return { tally, cursor };
}

async function realpathOf(path: string): Promise<string> {
  // Where there is none, whoever looks says so.
  return await fs.promises.realpath(path).catch(() => path);
}

async function begin(
  args: Args,
  place: Place,
  options: ObjectAuditOptions,
  path: string | undefined,
  of: string,
): Promise<Begun> {
  const { MOST_STATE_BYTES, ObjectTally, parseAuditState } = await storageAudit();
  const { readDocument, WeightsealError } = await core();
  const document = { mostBytes: MOST_STATE_BYTES, tooLong: () => notOurs(WeightsealError, path ?? '') };
  const bytes = path === undefined ? undefined : await readDocument(path, document);
  if (!bytes) {
    const tally = new ObjectTally(place.at, options);
    return { tally, started: new Date().toISOString(), after: options.after };
  }
  const state = parseAuditState(bytes);
  if (state.of !== of) throw notOurs(WeightsealError, path ?? '');
  const { started, after } = state;
  note(
    args,
    `going on with the audit that was begun ${started}; what came before ${quote(after)} since then is not looked at.`,
  );
  return { tally: new ObjectTally(place.at, options, state.tally), started, after };
}

async function write(path: string, state: AuditState): Promise<void> {
  const { encodeAuditState, MOST_STATE_BYTES } = await storageAudit();
  const { changeDocument, WeightsealError } = await core();
  const change = () => Promise.resolve(Buffer.from(encodeAuditState(state)));
  const tooLong = () => notOurs(WeightsealError, path);
  await changeDocument(path, change, { mostBytes: MOST_STATE_BYTES, tooLong });
}

function notOurs(Made: typeof WeightsealError, path: string): WeightsealError {
  return new Made(
    'CONFIG_INVALID',
    `${path} is not of this audit: another place, sample, keys or signers. Remove it to audit anew, or name another file with --state.`,
  );
}
