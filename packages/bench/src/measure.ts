import { rmSync } from 'node:fs';
import { type Command, execute } from './process.ts';
import type { Check, Timing } from './result.ts';
import type { Scratch } from './scratch.ts';
import { MIB } from './sizes.ts';
import { median, minimum } from './stats.ts';

/** Memory that every process takes, whatever it does. */
const PROCESS_BYTES: number = 128 * MIB;

/** Runs the commands in turn, A B C A B C …, so that whatever changes on the machine meanwhile changes for all of them. */
export async function alternate(
  commands: readonly Command[],
  { runs, bytes, scratch }: { runs: number; bytes: number; scratch: Scratch },
): Promise<Timing[]> {
  const timings = commands.map(({ label }) => ({ label, bytes, milliseconds: [] as number[] }));
  for (let run = 0; run < runs; run++) {
    for (const [index, command] of commands.entries()) {
      timings[index]!.milliseconds.push(await once(command, bytes, scratch));
    }
  }
  return timings;
}

async function once(command: Command, bytes: number, scratch: Scratch): Promise<number> {
  const { argv, output, memory = 0, timed = false, env } = command;
  const remove = () => {
    if (output) rmSync(output, { recursive: true, force: true });
  };
  remove();
  // Small files need no warm memory, and a pause before them would only let the processor's caches go cold.
  if (bytes >= MIB) scratch.warm(bytes + memory + PROCESS_BYTES);
  try {
    const { milliseconds, stdout } = await execute(argv, { capture: timed, ...(env && { env }) });
    return timed ? (JSON.parse(stdout) as { milliseconds: number }).milliseconds : milliseconds;
  } finally {
    remove();
  }
}

/** How many times as long as `base` it took. */
export function ratioAtMost(label: string, timing: Timing, base: Timing, target: number): Check {
  return { label, unit: '×', bound: 'at most', target, ...ratios(timing, base) };
}

/** How many times as fast as `base` it was. */
export function fasterAtLeast(label: string, timing: Timing, base: Timing, target: number): Check {
  return { label, unit: '×', bound: 'at least', target, ...ratios(base, timing) };
}

function ratios(a: Timing, b: Timing): Pick<Check, 'measured' | 'ofMinimums'> {
  return {
    measured: median(a.milliseconds) / median(b.milliseconds),
    ofMinimums: minimum(a.milliseconds) / minimum(b.milliseconds),
  };
}

/** The delays of several runs, judged by their median. */
export function delayAtMost(label: string, milliseconds: readonly number[], target: number): Check {
  return {
    label,
    unit: 'ms',
    bound: 'at most',
    target,
    measured: median(milliseconds),
    ofMinimums: minimum(milliseconds),
  };
}
