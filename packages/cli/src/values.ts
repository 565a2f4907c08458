import { usageError } from './cli-error.js';
import type { Args } from './types.js';

/** The pairs of --context, or undefined without any: then a context is not checked. */
export function contextOf(args: Args): Record<string, string> | undefined {
  const given = args.many('context');
  if (given.length === 0) return undefined;
  const entries = given.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw usageError(`--context takes <name>=<value>, not ${JSON.stringify(pair)}.`);
  });
  const twice = entries.find(([name], index) => entries.some(([other], at) => at > index && other === name));
  if (twice) throw usageError(`--context names ${JSON.stringify(twice[0])} twice; name it once.`);
  return Object.fromEntries(entries);
}

export function wholeNumber(args: Args, flag: string): number | undefined {
  const text = args.one(flag);
  if (text === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw usageError(`--${flag} takes a whole number, not ${JSON.stringify(text)}.`);
}

const UNITS: readonly string[] = ['', 'k', 'm', 'g', 't'];

/** A number of bytes: 512MiB, 1.5GiB, and 512m or 512Mi as Docker, systemd and Kubernetes write it. A megabyte (MB) is a thousand of something, or not. */
export function byteCount(args: Args, flag: string): number | undefined {
  const text = args.one(flag);
  if (text === undefined) return undefined;
  const [, number, unit = ''] = /^([0-9]{1,15}(?:\.[0-9]{1,3})?)(?:([kmgt])(?:ib?)?)?$/i.exec(text) ?? [];
  const bytes = Math.ceil(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw usageError(`--${flag} takes a size such as 512MiB or 2GiB, not ${JSON.stringify(text)}.`);
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Milliseconds of a time: 30m, 12h, 2d. */
export function duration(args: Args, flag: string): number | undefined {
  const text = args.one(flag);
  if (text === undefined) return undefined;
  const [, number, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  if (unit !== undefined) return Number(number) * SECONDS[unit]! * 1000;
  throw usageError(`--${flag} takes a time such as 30m, 12h or 2d, not ${JSON.stringify(text)}.`);
}

/** A path, for the commands that read here and there in a file. */
export function pathOf({ operand }: Args, command: string): string {
  if (operand !== '-') return operand;
  throw usageError(`${command} needs a file; it cannot read standard input. (A file named - is ./-.)`);
}
