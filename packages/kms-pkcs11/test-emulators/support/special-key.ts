import { type AttributeValue, template } from '../../src/cryptoki/attributes.js';
import {
  CKA,
  CKF,
  CKK_AES,
  CKM_AES_KEY_GEN,
  CKO_SECRET_KEY,
  CKU_USER,
} from '../../src/cryptoki/constants.js';
import { readHandles } from '../../src/cryptoki/layout.js';
import { Library } from '../../src/cryptoki/library.js';
import { findToken } from '../../src/cryptoki/slots.js';
import { library as path, type Token } from './softhsm.js';

type Attribute = readonly [(typeof CKA)[keyof typeof CKA], AttributeValue];

/** Generates a key with attributes that no tool of SoftHSM sets. In this process, and over when it returns. */
export async function generateSpecialKey(token: Token, attributes: readonly Attribute[]): Promise<void> {
  const library = await Library.load(path);
  try {
    using memory = library.memory();
    const { slot } = await findToken(library, { token: token.label });
    const out = memory.fields(0);
    await library.call('C_OpenSession', [slot, CKF.SERIAL_SESSION | CKF.RW_SESSION, null, null, out.address]);
    const [session] = readHandles(library.layout, out.bytes, 1);
    const pin = memory.copy(Buffer.from(token.pin));
    await library.call('C_Login', [session!, CKU_USER, pin.address, pin.bytes.length]);
    const all: Attribute[] = [
      [CKA.CLASS, CKO_SECRET_KEY],
      [CKA.KEY_TYPE, CKK_AES],
      [CKA.TOKEN, true],
      [CKA.PRIVATE, true],
      ...attributes,
    ];
    const mechanism = memory.fields(CKM_AES_KEY_GEN, 0n, 0);
    await library.call('C_GenerateKey', [
      session!,
      mechanism.address,
      template(memory, all).address,
      all.length,
      out.address,
    ]);
  } finally {
    await library.call('C_Finalize', [null]);
  }
}
