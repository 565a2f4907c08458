// Key Vault's durations: ISO 8601 with years, months, weeks and days, such as P90D, P18M, P1Y6M.

const form = /^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T.*)?$/;
const DAY_MS = 86_400_000;

/** The date that is so much later (1) or earlier (-1); undefined for what is no duration. Months follow the calendar. */
export function addDuration(date: Date, duration: string, sign: 1 | -1): Date | undefined {
  const [whole, ...parts] = form.exec(duration) ?? [];
  if (whole === undefined) return undefined;
  const [years = 0, months = 0, weeks = 0, days = 0] = parts.map((part) => Number(part ?? 0));
  const moved = new Date(date);
  moved.setUTCMonth(moved.getUTCMonth() + sign * (12 * years + months));
  return new Date(moved.getTime() + sign * (7 * weeks + days) * DAY_MS);
}

export function daysBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / DAY_MS);
}
