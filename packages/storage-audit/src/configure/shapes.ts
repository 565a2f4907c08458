import type { Json } from './types.js';

/** Whether a value is one that a setting can have. */
export type Shape = (value: Json | undefined) => boolean;

export const isText: Shape = (value) => typeof value === 'string';
export const isFlag: Shape = (value) => typeof value === 'boolean';
export const isNone: Shape = (value) => value === undefined;
export const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);
export const either =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));
export const oneOf =
  (...values: readonly Json[]): Shape =>
  (value) =>
    value !== undefined && values.includes(value);

export const isObject: Shape = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only members that are named. */
export const objectOf =
  (members: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    isObject(value) &&
    Object.keys(value as object).every((name) => Object.hasOwn(members, name)) &&
    Object.entries(members).every(([name, shape]) => shape((value as Readonly<Record<string, Json>>)[name]));

export const listOf =
  (shape: Shape, most: number = Number.POSITIVE_INFINITY): Shape =>
  (value) =>
    Array.isArray(value) && value.length <= most && (value as readonly Json[]).every(shape);
