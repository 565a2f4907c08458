import { isFlag, isObject, isText, orNull, type Shape } from '../shapes.js';
import type { Setting } from './settings.js';

/** What each setting of an account can be. */
export const SHAPES: Readonly<Record<Setting, Shape>> = {
  encryption: isObject,
  'secure-transfer': orNull(isFlag),
  'minimum-tls': orNull(isText),
  'public-blobs': orNull(isFlag),
  'public-container': orNull(isText),
  'blob-service': isObject,
  'shared-key': orNull(isFlag),
};
