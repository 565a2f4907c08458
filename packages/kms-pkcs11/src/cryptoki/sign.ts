import { HelperFailure } from '../messages.js';
import { CKK_EC, CKK_RSA, CKM_ECDSA, CKM_RSA_PKCS } from './constants.js';
import { type Handle, readUlong } from './layout.js';
import type { Library } from './library.js';
import type { PrivateKey } from './pairs.js';

/** Of RSA-8192. */
const MAX_SIGNATURE_BYTES = 1024;

const MECHANISMS: ReadonlyMap<number | undefined, number> = new Map([
  [CKK_EC, CKM_ECDSA],
  [CKK_RSA, CKM_RSA_PKCS],
]);

/** Signs a digest (ECDSA) or a DigestInfo (RSA) as it is. @throws HelperFailure */
export async function signWith(
  library: Library,
  session: Handle,
  { object, type }: PrivateKey,
  input: Uint8Array,
): Promise<Buffer> {
  const mechanism = MECHANISMS.get(type);
  if (mechanism === undefined) throw new HelperFailure({ kind: 'signs-nothing' });
  using memory = library.memory();
  await library.call('C_SignInit', [session, memory.fields(mechanism, 0n, 0).address, object]);
  const data = memory.copy(input);
  const out = memory.empty(MAX_SIGNATURE_BYTES);
  const length = memory.fields(MAX_SIGNATURE_BYTES);
  await library.call('C_Sign', [session, data.address, data.bytes.length, out.address, length.address]);
  return Buffer.from(out.bytes.subarray(0, readUlong(library.layout, length.bytes) ?? 0));
}
