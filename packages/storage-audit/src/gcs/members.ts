// What a cloud answers is looked at member by member: one that is of another kind than the API says is not known, and never taken for off.

/** What stands there: undefined where nothing does; `strange` for what is of another kind. */
export const STRANGE: unique symbol = Symbol('strange');
export type Strange = typeof STRANGE;

type Members = Readonly<Record<string, unknown>>;

export function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}

/** Follows the names from member to member. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (found === undefined || found === null) return undefined;
    const members = membersOf(found);
    if (!members) return STRANGE;
    found = Object.hasOwn(members, name) ? members[name] : undefined;
  }
  return found === null ? undefined : found;
}

export function flagAt(value: unknown, ...names: readonly string[]): boolean | undefined | Strange {
  const found = at(value, ...names);
  return found === undefined || typeof found === 'boolean' ? found : STRANGE;
}

export function textAt(value: unknown, ...names: readonly string[]): string | undefined | Strange {
  const found = at(value, ...names);
  return found === undefined || typeof found === 'string' ? found : STRANGE;
}

/** A whole number, which JSON of Google's has as text where it is of 64 bits. */
export function numberAt(value: unknown, ...names: readonly string[]): number | undefined | Strange {
  const found = at(value, ...names);
  if (found === undefined) return undefined;
  const number = typeof found === 'string' && /^\d{1,15}$/.test(found) ? Number(found) : found;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : STRANGE;
}

export function listAt(
  value: unknown,
  ...names: readonly string[]
): readonly unknown[] | undefined | Strange {
  const found = at(value, ...names);
  return found === undefined || Array.isArray(found) ? (found as readonly unknown[] | undefined) : STRANGE;
}
