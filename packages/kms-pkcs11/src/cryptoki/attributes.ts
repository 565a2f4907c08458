import { CKA, CKR } from './constants.js';
import { type Handle, readUlong } from './layout.js';
import type { Library } from './library.js';
import type { Block, Memory } from './memory.js';

export type AttributeType = (typeof CKA)[keyof typeof CKA];
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

export const MAX_ID_BYTES = 256;
/** Codes with which C_GetAttributeValue still fills in the attributes that it can (PKCS#11 2.40 §5.7). */
const PARTLY = [CKR.ATTRIBUTE_SENSITIVE, CKR.ATTRIBUTE_TYPE_INVALID, CKR.BUFFER_TOO_SMALL];

/** An attribute, and as many bytes as it may have. */
type Wanted = readonly [AttributeType, number];

/** The attributes of an object, in the order in which they are wanted; undefined what the token does not tell. @throws HelperFailure */
export async function readValues(
  library: Library,
  session: Handle,
  object: Handle,
  attributes: readonly Wanted[],
): Promise<(Buffer | undefined)[]> {
  using memory = library.memory();
  const { layout } = library;
  const wanted = attributes.map(([type, most]) => [type, memory.empty(most)] as const);
  const list = memory.fields(
    ...wanted.flatMap(([type, { address, bytes }]) => [type, address, bytes.length]),
  );
  await library.call('C_GetAttributeValue', [session, object, list.address, wanted.length], PARTLY);
  return wanted.map(([, { bytes }], i) => {
    const told = readUlong(
      layout,
      list.bytes,
      i * (2 * layout.ulong + layout.pointer) + layout.ulong + layout.pointer,
    );
    return told === undefined || told > bytes.length ? undefined : Buffer.from(bytes.subarray(0, told));
  });
}

/** A CK_BBOOL. */
export function flagIn(value: Buffer | undefined): boolean | undefined {
  return value?.length === 1 ? value[0] !== 0 : undefined;
}

/** A CK_ULONG. */
export function numberIn({ layout }: Library, value: Buffer | undefined): number | undefined {
  return value?.length === layout.ulong ? readUlong(layout, value) : undefined;
}

/** @throws HelperFailure */
export async function readKey(library: Library, session: Handle, object: Handle): Promise<KeyAttributes> {
  const [id, length, ...flags] = await readValues(library, session, object, [
    [CKA.ID, MAX_ID_BYTES],
    [CKA.VALUE_LEN, library.layout.ulong],
    [CKA.ENCRYPT, 1],
    [CKA.DECRYPT, 1],
    [CKA.EXTRACTABLE, 1],
  ]);
  const [encrypt, decrypt, extractable] = flags.map(flagIn);
  return {
    id: id ?? Buffer.alloc(0),
    bytes: numberIn(library, length),
    encrypt,
    decrypt,
    extractable,
  };
}
