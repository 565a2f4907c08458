import { isAbsolute } from 'node:path';
import { filePath, ownBytes, WeightsealError } from '@weightseal/core';
import type { KeyQuery, TokenQuery } from './messages.js';
import type { Pin } from './pin.js';
import { isPlain } from './uri.js';

export const MODULE_VARIABLE = 'WEIGHTSEAL_PKCS11_MODULE';

/** Which token: what is named must fit, and exactly one may. */
export interface TokenOptions {
  /** The token's label. */
  readonly token?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  readonly slotId?: number | undefined;
  readonly slotDescription?: string | undefined;
  readonly slotManufacturer?: string | undefined;
}

/** What holds for the machine, and not for the key. */
export interface AccessOptions {
  /** The absolute path of the vendor's PKCS#11 library, or its `file:` URL; WEIGHTSEAL_PKCS11_MODULE unless told. */
  readonly module?: string | URL | undefined;
  /** The user PIN; WEIGHTSEAL_PKCS11_PIN unless told. */
  readonly pin?: Pin | undefined;
  /** Milliseconds that one call may take in all, with the login if one is needed; 10 000 unless told. */
  readonly deadlineMs?: number | undefined;
}

export interface Pkcs11KeyOptions extends TokenOptions, AccessOptions {
  /** The label (CKA_LABEL) of the key; its versions are all AES-256 keys with this label. */
  readonly object?: string | undefined;
  /** The id (CKA_ID) of one key: then this is the only version. */
  readonly id?: Uint8Array | undefined;
}

export const ACCESS_OPTIONS: Readonly<Record<keyof AccessOptions, true>> = {
  module: true,
  pin: true,
  deadlineMs: true,
};
export const KEY_OPTIONS: Readonly<Record<keyof Pkcs11KeyOptions, true>> = {
  ...ACCESS_OPTIONS,
  token: true,
  manufacturer: true,
  model: true,
  serial: true,
  slotId: true,
  slotDescription: true,
  slotManufacturer: true,
  object: true,
  id: true,
};

/** @throws INVALID_ARGUMENT */
export function checkedToken(options: TokenOptions): TokenQuery {
  const { token, manufacturer, model, serial, slotId, slotDescription, slotManufacturer } = options;
  const texts = { token, manufacturer, model, serial, slotDescription, slotManufacturer };
  for (const [name, value] of Object.entries(texts)) checkText(name, value);
  if (slotId !== undefined && !(Number.isSafeInteger(slotId) && slotId >= 0))
    throw invalid('slotId', 'a whole number');
  return { ...texts, slotId };
}

/** @throws INVALID_ARGUMENT */
export function checkedKey({ object, id }: Pick<Pkcs11KeyOptions, 'object' | 'id'>): KeyQuery {
  checkText('object', object);
  if (id !== undefined && !ownBytes(id)?.length) throw invalid('id', 'bytes, at least one');
  if (object === undefined && id === undefined)
    throw invalid('object', 'the label of the key, unless `id` is given');
  return { object, id: id && Buffer.from(id).toString('hex') };
}

/** Absolute, because the loader would look for any other in places that others may write to. @throws INVALID_ARGUMENT */
export function checkedModule(module: string | URL | undefined): string {
  const path = filePath(module) ?? process.env[MODULE_VARIABLE];
  if (typeof path === 'string' && isAbsolute(path) && !path.includes('\0')) return path;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `Name the PKCS#11 library by its absolute path: with the option \`module\`, with module-path= in the URI, or with ${MODULE_VARIABLE}.`,
  );
}

function checkText(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && value !== '' && isPlain(value))) return;
  throw invalid(name, 'a string that is not empty and has no control characters');
}

function invalid(name: string, what: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', `The option \`${name}\` must be ${what}.`);
}
