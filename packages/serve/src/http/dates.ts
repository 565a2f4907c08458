// RFC 9110 §5.6.7: the three ways to write a time, of which two are old and must still be read. Pure.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const FIXED = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/** Milliseconds since 1970; undefined for what is no time. */
export function timeOf(text: string, now: number): number | undefined {
  const fixed = FIXED.exec(text);
  if (fixed) return moment(fixed[3]!, fixed[2]!, fixed[1]!, fixed.slice(4));
  const old = RFC_850.exec(text);
  if (old) return moment(String(yearOf(Number(old[3]), now)), old[2]!, old[1]!, old.slice(4));
  const asc = ASCTIME.exec(text);
  return asc ? moment(asc[6]!, asc[1]!, asc[2]!, asc.slice(3, 6)) : undefined;
}

/** More than 50 years from now means the century before. */
function yearOf(digits: number, now: number): number {
  const current = new Date(now).getUTCFullYear();
  const year = current - (current % 100) + digits;
  return year > current + 50 ? year - 100 : year;
}

function moment(
  year: string,
  month: string,
  day: string,
  [hour, minute, second]: readonly string[],
): number | undefined {
  const at = MONTHS.indexOf(month);
  if (at < 0) return undefined;
  // A leap second counts as the one before.
  const time = Date.UTC(
    Number(year),
    at,
    Number(day),
    Number(hour),
    Number(minute),
    Math.min(59, Number(second)),
  );
  const read = new Date(time);
  const isReal =
    read.getUTCDate() === Number(day) &&
    read.getUTCHours() === Number(hour) &&
    read.getUTCMinutes() === Number(minute);
  return isReal ? time : undefined;
}
