// FORMAT.md §10.2. Not by `Date.parse`: it takes far more than this, and turns 30 February into March.
const FORM = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?Z$/;

/**
 * Whether the text is a moment in UTC, spelled in the one way that the format has for it.
 *
 * @hidden
 */
export function isUtcTime(text: string): boolean {
  const numbers = FORM.exec(text)?.slice(1).map(Number);
  if (!numbers) return false;
  const [year, month, day, hour, minute, second] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  return hour <= 23 && minute <= 59 && second <= 59;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
