import { DATA_KEY_BYTES } from '@weightseal/core';
import { IV_BYTES, TAG_BYTES } from '../constants.js';
import { HelperFailure } from '../messages.js';
import { CKM_AES_GCM, CKR } from './constants.js';
import { type Handle, readUlong } from './layout.js';
import type { Library } from './library.js';
import type { Block, Memory } from './memory.js';

const SEALED_BYTES = DATA_KEY_BYTES + TAG_BYTES;
/** Room for a module that answers more than it should, so that this is seen and not taken for a small buffer. */
const OUT_BYTES = 256;

/** Codes with which a module refuses an IV that is not its own. */
const IV_REFUSED: readonly number[] = [CKR.MECHANISM_PARAM_INVALID, CKR.ARGUMENTS_BAD];

/** `IV || ciphertext || tag`. @throws HelperFailure */
export async function encrypt(
  library: Library,
  session: Handle,
  key: Handle,
  input: Uint8Array,
): Promise<Uint8Array> {
  const plaintext = input.subarray(IV_BYTES, IV_BYTES + DATA_KEY_BYTES);
  const additional = input.subarray(IV_BYTES + DATA_KEY_BYTES);
  const given = input.subarray(0, IV_BYTES);
  const encryptWith = (iv: Uint8Array, accepted: readonly number[]) =>
    encryptOnce(library, session, key, { iv, plaintext, additional }, accepted);
  const sealed = await encryptWith(given, IV_REFUSED);
  // AWS CloudHSM wants zeros, and puts an IV of its own there.
  return sealed ?? (await encryptWith(new Uint8Array(IV_BYTES), [])) ?? odd();
}

interface Plain {
  readonly iv: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly additional: Uint8Array;
}

/** Undefined when the module refuses the IV with one of the accepted codes. */
async function encryptOnce(
  library: Library,
  session: Handle,
  key: Handle,
  { iv: given, plaintext, additional }: Plain,
  accepted: readonly number[],
): Promise<Uint8Array | undefined> {
  using memory = library.memory();
  const data = memory.copy(plaintext);
  const { mechanism, iv } = gcm(memory, given, additional);
  const rv = await library.call('C_EncryptInit', [session, mechanism.address, key], accepted);
  if (rv !== CKR.OK) return undefined;
  const sealed = await crypt(library, memory, 'C_Encrypt', session, data, SEALED_BYTES);
  // What the IV is now, since the module may have put its own there. One of zeros would be the same for every wrap.
  if (iv.bytes.every((byte) => byte === 0)) odd();
  return Buffer.concat([iv.bytes, sealed]);
}

function odd(): never {
  throw new HelperFailure({ kind: 'odd-answer' });
}

/** The data key. @throws HelperFailure */
export async function decrypt(
  library: Library,
  session: Handle,
  key: Handle,
  input: Uint8Array,
): Promise<Uint8Array> {
  using memory = library.memory();
  const sealed = memory.copy(input.subarray(IV_BYTES, IV_BYTES + SEALED_BYTES));
  const { mechanism } = gcm(memory, input, input.subarray(IV_BYTES + SEALED_BYTES));
  await library.call('C_DecryptInit', [session, mechanism.address, key]);
  return Buffer.from(await crypt(library, memory, 'C_Decrypt', session, sealed, DATA_KEY_BYTES));
}

/** CK_MECHANISM with CK_GCM_PARAMS, with ulIvBits as all headers of 2.40 and later have it. */
function gcm(memory: Memory, input: Uint8Array, additional: Uint8Array): { mechanism: Block; iv: Block } {
  const iv = memory.copy(input.subarray(0, IV_BYTES));
  const aad = memory.copy(additional);
  const parameters = memory.fields(
    iv.address,
    IV_BYTES,
    IV_BYTES * 8,
    aad.address,
    aad.bytes.length,
    TAG_BYTES * 8,
  );
  return { iv, mechanism: memory.fields(CKM_AES_GCM, parameters.address, parameters.bytes.length) };
}

async function crypt(
  library: Library,
  memory: Memory,
  fn: 'C_Encrypt' | 'C_Decrypt',
  session: Handle,
  input: Block,
  expected: number,
): Promise<Buffer> {
  const out = memory.empty(OUT_BYTES);
  const length = memory.fields(OUT_BYTES);
  await library.call(fn, [session, input.address, input.bytes.length, out.address, length.address]);
  if (readUlong(library.layout, length.bytes) !== expected) odd();
  return out.bytes.subarray(0, expected);
}
