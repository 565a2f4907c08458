import { readFile } from 'node:fs/promises';

/** What the kernel says in a file. Undefined where it does not: files of groups and processes vanish, and containers hide some. */
export async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

/** The number that is all of a file; undefined for anything else, such as `max`. */
export function numberIn(text: string | undefined): number | undefined {
  const digits = text?.trim() ?? '';
  return /^[0-9]+$/.test(digits) ? Number(digits) : undefined;
}
