// What a value is, of whatever realm, and how that is told.

/** What an option must be. @hidden */
export type Kind =
  | 'any'
  | 'boolean'
  | 'function'
  | 'string'
  | 'strings'
  | 'string or bytes'
  | 'string or function'
  | 'path'
  | 'signal'
  | 'list'
  | 'object';

export const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  any: () => true,
  boolean: (value) => typeof value === 'boolean',
  function: (value) => typeof value === 'function',
  string: isString,
  strings: (value) => Array.isArray(value) && value.every(isString),
  'string or bytes': (value) => isString(value) || isBytes(value),
  'string or function': (value) => isString(value) || typeof value === 'function',
  path: (value) => isString(value) || isUrl(value),
  signal: isSignal,
  list: Array.isArray,
  object: isObject,
};

export const SAYS: Readonly<Record<Kind, string>> = {
  any: 'what it is',
  boolean: 'true or false',
  function: 'a function',
  string: 'a string',
  strings: 'an array of strings',
  'string or bytes': 'a string or bytes',
  'string or function': 'a string or a function',
  path: 'a path or a file: URL',
  signal: 'an AbortSignal, as `new AbortController().signal` is one',
  list: 'an array',
  object: 'an object',
};

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of any realm. */
function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

export function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]' && typeof (value as URL).href === 'string';
}

/** Of any realm: test runners with a DOM have a class of their own. */
export function isSignal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}

export function foundIn(value: unknown, kind: Kind): string {
  const others = kind === 'strings' && Array.isArray(value) ? value.filter((one) => !isString(one)) : [];
  return others.length > 0 ? `holds ${nameOf(others[0])}` : `is ${nameOf(value)}`;
}

/** What something is, and nothing of what it holds: it may be a secret. */
export function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return typeof value === 'string' ? 'a string' : `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'Object' ? 'an object' : `an object of the kind ${kind}`;
}
