import { HelperFailure, type KeyQuery } from '../messages.js';
import { compareIds } from '../versions.js';
import { flagIn, MAX_ID_BYTES, numberIn, readValues } from './attributes.js';
import { CKA, CKK_EC, CKK_RSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY } from './constants.js';
import { findObjects } from './keys.js';
import type { Handle } from './layout.js';
import type { Library } from './library.js';
import { ecPublicKey, rsaPublicKey } from './spki.js';

/** Of RSA-8192; the other attributes are shorter. */
const MAX_VALUE_BYTES = 1024;

/** A private key, by what it tells of itself. */
export interface PrivateKey {
  readonly object: Handle;
  readonly id: Buffer;
  /** CKK_…; undefined where the token does not tell. */
  readonly type: number | undefined;
  readonly sign: boolean | undefined;
}

/** The private keys that fit, oldest version first. @throws HelperFailure when there is none, or two cannot be told apart */
export async function findPrivateKeys(
  library: Library,
  session: Handle,
  query: KeyQuery,
): Promise<PrivateKey[]> {
  const keys: PrivateKey[] = [];
  for (const object of await findObjects(library, session, [[CKA.CLASS, CKO_PRIVATE_KEY]], query)) {
    const [id = Buffer.alloc(0), type, sign] = await readValues(library, session, object, [
      [CKA.ID, MAX_ID_BYTES],
      [CKA.KEY_TYPE, library.layout.ulong],
      [CKA.SIGN, 1],
    ]);
    keys.push({ object, id, type: numberIn(library, type), sign: flagIn(sign) });
  }
  if (keys.length === 0) throw new HelperFailure({ kind: 'no-private-key' });
  keys.sort((one, other) => compareIds(one.id, other.id));
  if (keys.some((key, i) => i > 0 && compareIds(keys[i - 1]!.id, key.id) === 0))
    throw new HelperFailure({ kind: 'many-keys' });
  return keys;
}

/**
 * DER of its public key. A private key of RSA tells that itself; of ECDSA the public key with the same id does.
 *
 * @throws HelperFailure
 */
export async function readPublicKey(library: Library, session: Handle, key: PrivateKey): Promise<Buffer> {
  if (key.type === CKK_RSA) {
    const own = await readRsa(library, session, key.object);
    return own ?? (await ofPublicObject(library, session, key, readRsa));
  }
  if (key.type === CKK_EC) return ofPublicObject(library, session, key, readEc);
  throw new HelperFailure({ kind: 'signs-nothing' });
}

type Read = (library: Library, session: Handle, object: Handle) => Promise<Buffer | undefined>;

async function ofPublicObject(
  library: Library,
  session: Handle,
  { id, type }: PrivateKey,
  read: Read,
): Promise<Buffer> {
  const kind = [
    [CKA.CLASS, CKO_PUBLIC_KEY],
    [CKA.KEY_TYPE, type!],
  ] as const;
  for (const object of await findObjects(library, session, kind, { id: id.toString('hex') })) {
    const found = await read(library, session, object);
    if (found) return found;
  }
  throw new HelperFailure({ kind: 'no-public-key' });
}

async function readRsa(library: Library, session: Handle, object: Handle): Promise<Buffer | undefined> {
  const [modulus, exponent] = await readValues(library, session, object, [
    [CKA.MODULUS, MAX_VALUE_BYTES],
    [CKA.PUBLIC_EXPONENT, MAX_VALUE_BYTES],
  ]);
  return modulus?.length && exponent?.length ? rsaPublicKey(modulus, exponent) : undefined;
}

async function readEc(library: Library, session: Handle, object: Handle): Promise<Buffer | undefined> {
  const [parameters, point] = await readValues(library, session, object, [
    [CKA.EC_PARAMS, MAX_VALUE_BYTES],
    [CKA.EC_POINT, MAX_VALUE_BYTES],
  ]);
  return parameters?.length && point?.length ? ecPublicKey(parameters, point) : undefined;
}
