import { usageError } from '../cli-error.js';
import { isUri } from '../place.js';
import type { Args } from '../types.js';

/** Which part of the audit is wanted. */
export interface Parts {
  readonly storage: boolean;
  readonly objects: boolean;
}

/** Options that are for one part, or for one kind of place. @throws CliError of class usage */
export function partsOf(args: Args): Parts {
  const { operand } = args;
  if (operand === '-') throw usageError('audit storage: It audits a place, and no standard input.');
  const only = { storage: args.has('storage-only'), objects: args.has('objects-only') };
  if (only.storage && only.objects)
    throw usageError('audit storage: --storage-only and --objects-only leave nothing to audit.');
  const parts = { storage: !only.objects, objects: !only.storage };
  if (!parts.objects) refuse(args, ['keys', 'sample', 'after', 'state'], '--storage-only looks at no object');
  if (!parts.storage) refuse(args, ['key', 'owner'], '--objects-only looks at no setting');
  const scheme = isUri(operand) ? operand.slice(0, operand.indexOf(':')) : '';
  if (scheme !== 'az') refuse(args, ['subscription', 'resource-group'], 'they are of az://');
  if (!['s3', 'gs', 'az'].includes(scheme))
    refuse(args, ['key', 'management-endpoint'], 'it is of s3://, gs:// and az://');
  if (!['s3', ''].includes(scheme)) refuse(args, ['owner'], 'it is of s3:// and of directories');
  if (args.one('after') !== undefined && args.one('state') !== undefined)
    throw usageError('audit storage: --state knows itself where to go on; leave --after out.');
  return parts;
}

function refuse(args: Args, flags: readonly string[], why: string): void {
  const given = flags.find((flag) => args.one(flag) !== undefined || args.many(flag).length > 0);
  if (given !== undefined) throw usageError(`audit storage: --${given} has no effect here: ${why}.`);
}

/** @throws CliError of class usage */
export function sampleOf(args: Args): number | undefined {
  const text = args.one('sample');
  if (text === undefined) return undefined;
  const share = /^(?:0?\.\d{1,9}|1(?:\.0+)?)$/.test(text) ? Number(text) : 0;
  if (share > 0) return share;
  throw usageError(`--sample takes a share above 0 and at most 1, such as 0.1, not ${JSON.stringify(text)}.`);
}

/** One of the words that an option takes. @throws CliError of class usage */
export function oneOf<T extends string>(args: Args, flag: string, words: readonly T[], otherwise: T): T {
  const given = args.one(flag);
  if (given === undefined) return otherwise;
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  throw usageError(`--${flag} takes one of ${words.join(', ')}, not ${JSON.stringify(given)}.`);
}
