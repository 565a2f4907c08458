import { KEY_BYTES } from '../constants.js';
import { HelperFailure, type KeyQuery } from '../messages.js';
import { compareIds } from '../versions.js';
import {
  type AttributeType,
  type AttributeValue,
  type KeyAttributes,
  readKey,
  template,
} from './attributes.js';
import { CKA, CKK_AES, CKO_SECRET_KEY } from './constants.js';
import { type Handle, readHandles, readUlong } from './layout.js';
import type { Library } from './library.js';

/** More versions than anybody makes, and a bound on what a full token can make us read. */
const MAX_KEYS = 4096;
const AT_ONCE = 64;

type Attribute = readonly [AttributeType, AttributeValue];

const AES: readonly Attribute[] = [
  [CKA.CLASS, CKO_SECRET_KEY],
  [CKA.KEY_TYPE, CKK_AES],
];

export interface Key extends KeyAttributes {
  readonly object: Handle;
}

/** The AES-256 keys that fit, oldest version first. @throws HelperFailure when there is none, or two cannot be told apart */
export async function findKeys(library: Library, session: Handle, query: KeyQuery): Promise<Key[]> {
  const keys: Key[] = [];
  for (const object of await findObjects(library, session, AES, query)) {
    const key = { object, ...(await readKey(library, session, object)) };
    if (key.bytes === KEY_BYTES) keys.push(key);
  }
  if (keys.length === 0) throw new HelperFailure({ kind: 'no-key' });
  keys.sort((one, other) => compareIds(one.id, other.id));
  if (keys.some((key, i) => i > 0 && compareIds(keys[i - 1]!.id, key.id) === 0))
    throw new HelperFailure({ kind: 'many-keys' });
  return keys;
}

/** @throws HelperFailure: `no-version` where the label has keys, and none with this id */
export async function findVersion(library: Library, session: Handle, query: KeyQuery): Promise<Key> {
  try {
    return (await findKeys(library, session, query)).at(-1)!;
  } catch (error) {
    const labelled = query.object !== undefined && query.id !== undefined;
    if (!labelled || !(error instanceof HelperFailure) || error.failure.kind !== 'no-key') throw error;
    await findKeys(library, session, { object: query.object });
    throw new HelperFailure({ kind: 'no-version' });
  }
}

/** The token's own objects of that kind, with this label or id. @throws HelperFailure */
export async function findObjects(
  library: Library,
  session: Handle,
  kind: readonly Attribute[],
  { object, id }: KeyQuery,
): Promise<Handle[]> {
  using memory = library.memory();
  const { layout } = library;
  const wanted: Attribute[] = [...kind, [CKA.TOKEN, true]];
  if (object !== undefined) wanted.push([CKA.LABEL, Buffer.from(object)]);
  if (id !== undefined) wanted.push([CKA.ID, Buffer.from(id, 'hex')]);
  await library.call('C_FindObjectsInit', [session, template(memory, wanted).address, wanted.length]);
  const found: Handle[] = [];
  const page = memory.empty(AT_ONCE * layout.ulong);
  const count = memory.fields(0);
  do {
    await library.call('C_FindObjects', [session, page.address, AT_ONCE, count.address]);
    const length = Math.min(readUlong(layout, count.bytes) ?? 0, AT_ONCE);
    found.push(...readHandles(layout, page.bytes, length));
    if (length === 0) break;
  } while (found.length < MAX_KEYS);
  await library.call('C_FindObjectsFinal', [session]);
  return found;
}
