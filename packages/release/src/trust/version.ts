// Versions as people count them: numbers with dots, `1.10` after `1.9`. What is none has no order, and is not guessed at.

const FORM = /^v?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/i;

/** A version that can be compared. */
export interface Version {
  readonly numbers: readonly bigint[];
  /** Of `1.2-rc.1` what comes after the first dash, in digits and other characters by turns: it comes before 1.2. Of a date, `2026-03-01`, months and days are compared by this. */
  readonly before: readonly (bigint | string)[] | undefined;
}

/** Undefined for what has no order. */
export function parseVersion(text: string): Version | undefined {
  const [, numbers, before] = FORM.exec(text) ?? [];
  if (numbers === undefined) return undefined;
  return {
    numbers: numbers.split('.').map(BigInt),
    before: before === undefined ? undefined : runsOf(before),
  };
}

/** Below zero where `a` comes before `b`. Numbers that are missing at the end are zero. */
export function compareVersions(a: Version, b: Version): number {
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at++) {
    const order = compare(a.numbers[at] ?? 0n, b.numbers[at] ?? 0n);
    if (order !== 0) return order;
  }
  if (!a.before || !b.before) return Number(!a.before) - Number(!b.before);
  for (let at = 0; at < Math.min(a.before.length, b.before.length); at++) {
    const order = compareRuns(a.before[at]!, b.before[at]!);
    if (order !== 0) return order;
  }
  return a.before.length - b.before.length;
}

function runsOf(text: string): (bigint | string)[] {
  return [...text.matchAll(/\d+|\D+/g)].map(([run]) => (/^\d/.test(run) ? BigInt(run) : run));
}

/** Numbers come before letters, as in Semantic Versioning. */
function compareRuns(a: bigint | string, b: bigint | string): number {
  if (typeof a === typeof b) return compare(a, b);
  return typeof a === 'bigint' ? -1 : 1;
}

function compare(a: bigint | string, b: bigint | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
