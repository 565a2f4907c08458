/** A name that every shell, library and log takes as it is. Whoever sealed the file chose the one inside. */
const HARMLESS = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}$/;
const EXTENSION = /\.[A-Za-z0-9]{1,16}$/;

/** The first of the names that is harmless, or `model` with an extension of theirs: many libraries choose a parser by it. */
export function fileName(...wanted: readonly (string | undefined)[]): string {
  const names = wanted.filter((name) => name !== undefined);
  const harmless = names.find((name) => HARMLESS.test(name));
  if (harmless) return harmless;
  return `model${names.map((name) => EXTENSION.exec(name)?.[0]).find((found) => found !== undefined) ?? ''}`;
}
