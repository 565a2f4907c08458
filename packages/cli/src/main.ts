import { RUNS } from './commands/index.js';
import { tellFailure } from './failure.js';
import { help } from './help.js';
import { write } from './output.js';
import { type Parsed, parse } from './parse.js';
import { type Stop, stopOnSignals } from './signals.js';
import { printable } from './text.js';
import type { Result } from './types.js';
import { version } from './version.js';
import { watcher } from './watcher.js';

const DONE = 0;
const USAGE = 2;

/** Does what the arguments say, and returns the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  // Looked for before the arguments are parsed, so that what is wrong with them is told as JSON too.
  const dashes = argv.indexOf('--');
  const json = (dashes < 0 ? argv : argv.slice(0, dashes)).includes('--json');
  let stop: Stop | undefined;
  try {
    const parsed = parse(argv);
    if (parsed.kind !== 'run') return inform(parsed);
    stop = stopOnSignals();
    const quiet = json || parsed.args.has('quiet');
    const result = await run(parsed, stop, quiet);
    tell(result, json, quiet);
    return result.exitCode ?? DONE;
  } catch (error) {
    return await tellFailure(error, json, stop?.by());
  }
}

type Run = Extract<Parsed, { kind: 'run' }>;

async function run({ command, args }: Run, stop: Stop, quiet: boolean): Promise<Result> {
  using watching = watcher(quiet);
  const handOver = (): void => {
    stop.leave();
    watching[Symbol.dispose]();
  };
  const session = { signal: stop.signal, progress: watching.progress, quiet, handOver };
  return await RUNS[command.name]!(args, session);
}

function tell(result: Result, json: boolean, quiet: boolean): void {
  const fd = result.stdoutTaken ? 2 : 1;
  if (json) {
    write(fd, `${printable(JSON.stringify(result.value))}\n`);
    return;
  }
  if (result.essential || !quiet) write(fd, result.lines.map((line) => `${line}\n`).join(''));
  if (result.note && !quiet) write(2, `weightseal: note: ${result.note}\n`);
}

function inform(parsed: Exclude<Parsed, Run>): number {
  if (parsed.kind === 'version') {
    write(1, `${version()}\n`);
    return DONE;
  }
  const asked = parsed.kind === 'help';
  write(asked ? 1 : 2, help(asked ? parsed.name : undefined));
  return asked ? DONE : USAGE;
}
