import { type Check, met, type Timing } from '../result.ts';
import { formatSize } from '../sizes.ts';
import { median, minimum } from '../stats.ts';

export type Row = readonly string[];

export const CHECK_HEAD: Row = ['', 'measured', 'best runs', 'target', ''];
export const TIMING_HEAD: Row = ['', 'size', 'runs', 'median', 'best', 'GB/s'];

export function checkRow(check: Check): Row {
  const { label, bound, target, measured, ofMinimums, unit } = check;
  const best = ofMinimums === undefined ? '' : quantity(ofMinimums, unit);
  return [label, quantity(measured, unit), best, `${bound} ${target} ${unit}`, met(check) ? 'ok' : 'NOT MET'];
}

function quantity(value: number, unit: Check['unit']): string {
  const digits = unit === '×' ? 2 : unit === 'ms' ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

export function timingRow({ label, bytes, milliseconds }: Timing): Row {
  const middle = median(milliseconds);
  return [
    label,
    bytes > 0 ? formatSize(bytes) : '',
    `${milliseconds.length}`,
    duration(middle),
    duration(minimum(milliseconds)),
    bytes >= 1e6 ? throughput(bytes, middle).toFixed(2) : '',
  ];
}

function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(2)} ms`;
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** In GB (10^9 bytes) a second. */
export function throughput(bytes: number, milliseconds: number): number {
  return bytes / milliseconds / 1e6;
}
