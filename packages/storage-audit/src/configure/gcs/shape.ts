import { isFlag, isObject, isText, listOf, orNull, type Shape } from '../shapes.js';
import type { Json } from '../types.js';
import type { Setting } from './settings.js';

const isCount: Shape = (value) =>
  /^\d{1,15}$/.test(typeof value === 'number' ? String(value) : isText(value) ? String(value) : '');

/** What each setting of a bucket can be. */
export const SHAPES: Readonly<Record<Setting, Shape>> = {
  encryption: orNull(isText),
  versioning: orNull(isFlag),
  'soft-delete': orNull(isCount),
  lifecycle: orNull(isObject),
  'uniform-access': orNull(isFlag),
  'public-access-prevention': orNull(isText),
  'iam-policy': (value) => {
    const { bindings } = (isObject(value) ? value : {}) as Readonly<Record<string, Json>>;
    return isObject(value) && (bindings === undefined || listOf(isBinding)(bindings));
  },
};

const isBinding: Shape = (value) => {
  const { role, members } = (isObject(value) ? value : {}) as Readonly<Record<string, Json>>;
  return isText(role) && (members === undefined || listOf(isText)(members));
};
