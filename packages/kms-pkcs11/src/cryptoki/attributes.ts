import { CKA, CKR } from './constants.js';
import { type Handle, readUlong } from './layout.js';
import type { Library } from './library.js';
import type { Block, Memory } from './memory.js';

type AttributeType = (typeof CKA)[keyof typeof CKA];
/** A CK_ULONG, a CK_BBOOL, or bytes. */
export type AttributeValue = number | boolean | Uint8Array;

/** The template of what an object has or is to have. */
export function template(
  memory: Memory,
  attributes: readonly (readonly [AttributeType, AttributeValue])[],
): Block {
  return memory.fields(
    ...attributes.flatMap(([type, value]) => {
      const { address, bytes } = encodeValue(memory, value);
      return [type, address, bytes.length];
    }),
  );
}

function encodeValue(memory: Memory, value: AttributeValue): Block {
  if (typeof value === 'number') return memory.fields(value);
  return memory.copy(typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : value);
}

/** What a key object tells of itself; undefined what the token does not tell. */
export interface KeyAttributes {
  readonly id: Buffer;
  readonly bytes: number | undefined;
  readonly encrypt: boolean | undefined;
  readonly decrypt: boolean | undefined;
  readonly extractable: boolean | undefined;
}

const MAX_ID_BYTES = 256;
/** Codes with which C_GetAttributeValue still fills in the attributes that it can (PKCS#11 2.40 §5.7). */
const PARTLY = [CKR.ATTRIBUTE_SENSITIVE, CKR.ATTRIBUTE_TYPE_INVALID, CKR.BUFFER_TOO_SMALL];

/** @throws HelperFailure */
export async function readKey(library: Library, session: Handle, object: Handle): Promise<KeyAttributes> {
  using memory = library.memory();
  const { layout } = library;
  const wanted = [
    [CKA.ID, memory.empty(MAX_ID_BYTES)],
    [CKA.VALUE_LEN, memory.empty(layout.ulong)],
    [CKA.ENCRYPT, memory.empty(1)],
    [CKA.DECRYPT, memory.empty(1)],
    [CKA.EXTRACTABLE, memory.empty(1)],
  ] as const;
  const list = memory.fields(
    ...wanted.flatMap(([type, { address, bytes }]) => [type, address, bytes.length]),
  );
  await library.call('C_GetAttributeValue', [session, object, list.address, wanted.length], PARTLY);
  const [id, length, ...flags] = wanted.map(([, { bytes }], i) => {
    const told = readUlong(
      layout,
      list.bytes,
      i * (2 * layout.ulong + layout.pointer) + layout.ulong + layout.pointer,
    );
    return told === undefined || told > bytes.length ? undefined : bytes.subarray(0, told);
  });
  const [encrypt, decrypt, extractable] = flags.map((flag) =>
    flag?.length === 1 ? flag[0] !== 0 : undefined,
  );
  return {
    id: Buffer.from(id ?? []),
    bytes: length?.length === layout.ulong ? readUlong(layout, length) : undefined,
    encrypt,
    decrypt,
    extractable,
  };
}
