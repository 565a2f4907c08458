import { type AttributeValue, template } from '../../src/cryptoki/attributes.js';
import {
  CKA,
  CKF,
  CKK_AES,
  CKM_AES_KEY_GEN,
  CKO_SECRET_KEY,
  CKU_USER,
} from '../../src/cryptoki/constants.js';
import { type Handle, readHandles } from '../../src/cryptoki/layout.js';
import { Library } from '../../src/cryptoki/library.js';
import { findToken } from '../../src/cryptoki/slots.js';
import { library as path, type Token } from './softhsm.js';

/** `1.2.840.10045.3.1.7`, in DER. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
const CKM_EC_KEY_PAIR_GEN = 0x1040;

type Attribute = readonly [(typeof CKA)[keyof typeof CKA], AttributeValue];

/** Generates a key with attributes that no tool of SoftHSM sets. In this process, and over when it returns. */
export async function generateSpecialKey(token: Token, attributes: readonly Attribute[]): Promise<void> {
  await inSession(token, async (library, session) => {
    using memory = library.memory();
    const out = memory.fields(0);
    const all: Attribute[] = [
      [CKA.CLASS, CKO_SECRET_KEY],
      [CKA.KEY_TYPE, CKK_AES],
      [CKA.TOKEN, true],
      [CKA.PRIVATE, true],
      ...attributes,
    ];
    const mechanism = memory.fields(CKM_AES_KEY_GEN, 0n, 0);
    await library.call('C_GenerateKey', [
      session,
      mechanism.address,
      template(memory, all).address,
      all.length,
      out.address,
    ]);
  });
}

/** A pair of P-256 whose private key has these attributes. */
export async function generateSpecialPair(token: Token, attributes: readonly Attribute[]): Promise<void> {
  await inSession(token, async (library, session) => {
    using memory = library.memory();
    const [one, other] = [memory.fields(0), memory.fields(0)];
    const named = attributes.filter(([type]) => type === CKA.LABEL || type === CKA.ID);
    const ofPublic: Attribute[] = [[CKA.EC_PARAMS, P256], [CKA.TOKEN, true], ...named];
    const ofPrivate: Attribute[] = [[CKA.TOKEN, true], [CKA.PRIVATE, true], ...attributes];
    await library.call('C_GenerateKeyPair', [
      session,
      memory.fields(CKM_EC_KEY_PAIR_GEN, 0n, 0).address,
      template(memory, ofPublic).address,
      ofPublic.length,
      template(memory, ofPrivate).address,
      ofPrivate.length,
      one.address,
      other.address,
    ]);
  });
}

async function inSession(
  token: Token,
  work: (library: Library, session: Handle) => Promise<void>,
): Promise<void> {
  const library = await Library.load(path);
  try {
    using memory = library.memory();
    const { slot } = await findToken(library, { token: token.label });
    const out = memory.fields(0);
    await library.call('C_OpenSession', [slot, CKF.SERIAL_SESSION | CKF.RW_SESSION, null, null, out.address]);
    const [session] = readHandles(library.layout, out.bytes, 1);
    const pin = memory.copy(Buffer.from(token.pin));
    await library.call('C_Login', [session!, CKU_USER, pin.address, pin.bytes.length]);
    await work(library, session!);
  } finally {
    await library.call('C_Finalize', [null]);
  }
}
