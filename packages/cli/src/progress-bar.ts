import type { OnProgress } from '@weightseal/core';
import { size } from './text.js';

const EVERY_MS = 100;
const BAR_WIDTH = 16;
const ERASE_LINE = '\r\u001b[2K';

interface Terminal {
  readonly columns?: number;
  write(text: string): boolean;
}

/** One line that is drawn over and over, and gone at the end: `sealing [####----]  52% 1.20 of 2.31 GiB, …`. */
export function progressBar(
  doing: string,
  terminal: Terminal,
  now: () => number = () => performance.now(),
): { onProgress: OnProgress; end: () => void } {
  let started: number | undefined;
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    onProgress({ bytes, total }) {
      const time = now();
      started ??= time;
      if (time - drawn < EVERY_MS && bytes !== total) return;
      drawn = time;
      const line = `${doing} ${describe(bytes, total, (time - started) / 1000)}`;
      terminal.write(ERASE_LINE + line.slice(0, (terminal.columns || 80) - 1));
    },
    end() {
      if (started !== undefined) terminal.write(ERASE_LINE);
    },
  };
}

function describe(bytes: number, total: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  const speed = rate > 0 ? `, ${size(Math.round(rate))}/s` : '';
  if (total === undefined) return `${size(bytes)}${speed}`;
  const part = total === 0 ? 1 : bytes / total;
  const filled = Math.round(part * BAR_WIDTH);
  const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '-');
  const percent = `${Math.floor(part * 100)}%`.padStart(5);
  const left = rate > 0 ? `, ${remaining((total - bytes) / rate)} left` : '';
  return `[${bar}]${percent} ${size(bytes)} of ${size(total)}${speed}${left}`;
}

function remaining(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.ceil(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.ceil((whole % 3600) / 60)} min`;
}
