const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** 100 B, 1.50 KiB, 64.0 MiB, 4.00 GiB: three figures, for messages. */
export function inUnits(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    // What would be shown as 1024 of a unit is one of the next.
    if (value < 1023.5) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 999.5 ? value.toPrecision(3) : String(Math.round(value))} ${unit}`;
}
