import { isAbsolute } from 'node:path';
import { WeightsealError } from '@weightseal/core';
import type { KeyQuery, TokenQuery } from './messages.js';

/** What identifies the key, wherever it is used from. */
export interface KeyIdentity {
  readonly token: TokenQuery;
  readonly key: KeyQuery;
}

/** What a URI says beside that, which holds for the machine that it is used on. */
export interface Places {
  readonly module: string | undefined;
  readonly pinFile: string | undefined;
}

/** RFC 7512 §2.3. Each with the name that TokenQuery and KeyQuery have for it. In this order they stand in the normalised URI. */
const PATH = {
  token: 'token',
  manufacturer: 'manufacturer',
  model: 'model',
  serial: 'serial',
  'slot-id': 'slotId',
  'slot-description': 'slotDescription',
  'slot-manufacturer': 'slotManufacturer',
  object: 'object',
  id: 'id',
  type: 'type',
} as const;
const QUERY = ['module-path', 'pin-source'] as const;
/** RFC 7512 §2.3: what wraps is a secret key, what signs a private one. */
export type KeyType = 'secret-key' | 'private';
/** What a file has room for, FORMAT.md §6.1; and as it is written, with every character encoded and places for module and PIN. */
const MAX_BYTES = 2048;
const MAX_WRITTEN = 4 * MAX_BYTES;
const NAMES_NO_KEY = 'names no key: give its label with object=, or its id with id=';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** Characters that RFC 7512 §2.3 lets stand for themselves, in the path and in the query. */
const PATH_TEXT = /^(?:[A-Za-z0-9._~:[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})+$/;
const QUERY_TEXT = /^(?:[A-Za-z0-9._~:[\]@!$'()*+,=/?|-]|%[0-9A-Fa-f]{2})+$/;

/** Takes a URI of RFC 7512 apart. No message repeats any of it, since what stands there by mistake may be a PIN. @throws KEY_URI_INVALID */
export function parseUri(uri: string, type: KeyType = 'secret-key'): KeyIdentity & Places {
  if (typeof uri !== 'string' || !uri.startsWith('pkcs11:')) throw invalid('must start with pkcs11:');
  if (uri.length > MAX_WRITTEN) throw invalid(`must have at most ${MAX_WRITTEN} characters`);
  if (uri.includes('#')) throw invalid('must have no fragment (#)');
  const [, path = '', query] = /^pkcs11:([^?]*)(?:\?(.*))?$/s.exec(uri) ?? [];
  const names = Object.keys(PATH);
  const found = attributes(path, ';', PATH_TEXT, names);
  const places = query === undefined ? new Map<string, Buffer>() : attributes(query, '&', QUERY_TEXT, QUERY);
  const text = (name: keyof typeof PATH) => utf8(found.get(name));
  if ((text('type') ?? type) !== type) throw invalid(`must be of type=${type} here`);
  const object = text('object');
  const id = found.get('id')?.toString('hex');
  if (object === undefined && id === undefined) throw invalid(NAMES_NO_KEY);
  return {
    token: {
      token: text('token'),
      manufacturer: text('manufacturer'),
      model: text('model'),
      serial: text('serial'),
      slotId: slotId(text('slot-id')),
      slotDescription: text('slot-description'),
      slotManufacturer: text('slot-manufacturer'),
    },
    key: { object, id },
    module: modulePath(utf8(places.get('module-path'))),
    pinFile: pinFile(utf8(places.get('pin-source'))),
  };
}

/** Whether a slot's URI may name this key: whatever both of them say must be the same, and the id in it that of the slot's version. */
export function mayName(uri: string, version: string, { token, key }: KeyIdentity): boolean {
  try {
    const other = parseUri(uri);
    return agrees(token, other.token) && agrees(key, other.key) && (other.key.id ?? version) === version;
  } catch {
    return false;
  }
}

function agrees<T extends object>(one: T, other: T): boolean {
  return Object.entries(one).every(([name, value]) => {
    const told = other[name as keyof T];
    return value === undefined || told === undefined || value === told;
  });
}

/** The one spelling of what identifies the key: without what is said of the machine. @throws KEY_URI_INVALID */
export function formatUri({ token, key }: KeyIdentity, type: KeyType = 'secret-key'): string {
  const { id, ...texts }: Record<string, string | number | undefined> = {
    ...token,
    ...key,
    type,
  };
  const parts = Object.entries(PATH).flatMap(([name, member]) => {
    const value = member === 'id' ? id && Buffer.from(String(id), 'hex') : texts[member];
    return value === undefined ? [] : [`${name}=${encode(value)}`];
  });
  const uri = `pkcs11:${parts.join(';')}`;
  if (uri.length > MAX_BYTES) throw invalid(`must have at most ${MAX_BYTES} bytes in its normal spelling`);
  return uri;
}

/** RFC 7512 §2.3 wants all bytes of an id encoded; of a text, all that RFC 3986 does not call unreserved. */
function encode(value: string | number | Uint8Array): string {
  const bytes = typeof value === 'object' ? value : Buffer.from(String(value));
  const plain = typeof value === 'object' ? /^$/ : /^[A-Za-z0-9._~-]$/;
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function attributes(
  text: string,
  separator: string,
  allowed: RegExp,
  known: readonly string[],
): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  if (text === '') return found;
  for (const attribute of text.split(separator)) {
    const [name = '', ...rest] = attribute.split('=');
    const value = rest.join('=');
    if (name === 'pin-value') throw invalid('must not hold the PIN: name a file with pin-source=file:/path');
    if (name === 'module-name') throw invalid('must name the module by its path: module-path=/path');
    if (!known.includes(name))
      throw invalid(`has an attribute that is not known; known are ${known.join(', ')}`);
    if (found.has(name)) throw invalid(`has the attribute ${name} twice`);
    if (!allowed.test(value)) throw invalid(`has no proper value for ${name}; percent-encode it`);
    found.set(name, Buffer.from(decode(value), 'latin1'));
  }
  return found;
}

function decode(value: string): string {
  return value.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function utf8(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes) && isPlain(text)) return text;
  throw invalid('has a value that is not UTF-8, or has control characters');
}

/** Whether the text can stand in a key URI, and so in a file: no control characters, nothing that UTF-8 cannot spell. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !control.test(text);
}

function slotId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw invalid('has a slot-id that is no number');
}

/** Absolute, because the loader would look for any other in places that others may write to. */
function modulePath(path: string | undefined): string | undefined {
  if (path === undefined || isAbsolute(path)) return path;
  throw invalid('must have an absolute module-path');
}

/** RFC 7512 §2.4 leaves the forms open; a program to run (`|…`) is none of ours. */
function pinFile(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const [, path] = /^file:(?:\/\/)?(\/[^/].*)$/.exec(source) ?? [];
  if (path !== undefined) return path;
  throw invalid('must have a pin-source of the form file:/path');
}

function invalid(problem: string): WeightsealError {
  return new WeightsealError('KEY_URI_INVALID', `A key URI of pkcs11 ${problem}.`);
}
