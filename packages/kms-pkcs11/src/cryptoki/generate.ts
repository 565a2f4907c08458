import { KEY_BYTES } from '../constants.js';
import { type AttributeValue, template } from './attributes.js';
import { CKA, CKK_AES, CKM_AES_KEY_GEN, CKO_SECRET_KEY } from './constants.js';
import type { Handle } from './layout.js';
import type { Library } from './library.js';

/** Makes an AES-256 key on the token that can never be read from it. @throws HelperFailure */
export async function generateKey(
  library: Library,
  session: Handle,
  label: string,
  id: Uint8Array,
): Promise<void> {
  using memory = library.memory();
  const attributes: [(typeof CKA)[keyof typeof CKA], AttributeValue][] = [
    [CKA.CLASS, CKO_SECRET_KEY],
    [CKA.KEY_TYPE, CKK_AES],
    [CKA.VALUE_LEN, KEY_BYTES],
    [CKA.LABEL, Buffer.from(label)],
    [CKA.ID, id],
    [CKA.TOKEN, true],
    [CKA.PRIVATE, true],
    [CKA.SENSITIVE, true],
    [CKA.EXTRACTABLE, false],
    [CKA.ENCRYPT, true],
    [CKA.DECRYPT, true],
  ];
  const mechanism = memory.fields(CKM_AES_KEY_GEN, 0n, 0);
  const out = memory.fields(0);
  const wanted = template(memory, attributes);
  await library.call('C_GenerateKey', [
    session,
    mechanism.address,
    wanted.address,
    attributes.length,
    out.address,
  ]);
}
