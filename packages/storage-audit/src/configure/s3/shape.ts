import { parseStrictly } from '../../strict-json.js';
import {
  either,
  isFlag,
  isNone,
  isObject,
  isText,
  listOf,
  objectOf,
  oneOf,
  orNull,
  type Shape,
} from '../shapes.js';
import type { Json } from '../types.js';
import type { Setting } from './settings.js';

const flag = either(isFlag, isNone);
const text = either(isText, isNone);

const isPolicy: Shape = (value) => {
  try {
    return isText(value) && isObject(parseStrictly(value as string) as Json);
  } catch {
    return false;
  }
};

/** What each setting of a bucket can be. */
export const SHAPES: Readonly<Record<Setting, Shape>> = {
  encryption: orNull(objectOf({ Rules: listOf(isObject, 1) })),
  policy: orNull(isPolicy),
  'object-ownership': orNull(objectOf({ Rules: listOf(objectOf({ ObjectOwnership: isText }), 1) })),
  versioning: orNull(objectOf({ Status: oneOf('Enabled', 'Suspended'), MFADelete: text })),
  lifecycle: orNull(objectOf({ Rules: listOf(isObject), TransitionDefaultMinimumObjectSize: text })),
  'public-access-block': orNull(
    objectOf({
      BlockPublicAcls: flag,
      IgnorePublicAcls: flag,
      BlockPublicPolicy: flag,
      RestrictPublicBuckets: flag,
    }),
  ),
};
