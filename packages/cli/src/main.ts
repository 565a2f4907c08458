import { checkArguments, checkEnvironment } from './bytes.js';
import { captureLibraries, consoleToPeople, keepWarning, warnings } from './captured.js';
import { usageError } from './cli-error.js';
import { RUNS } from './commands/index.js';
import { COMPLETE, offerLines } from './completing/offer-lines.js';
import { Crashes } from './crash.js';
import { restoreEnvironment } from './environment.js';
import { tellFailure } from './failure.js';
import { help } from './help.js';
import { ignoredSignals } from './ignored-signals.js';
import { becomeInit } from './init.js';
import type { EarlySignals } from './no-debugger.js';
import { tellNote } from './notes.js';
import { write } from './output.js';
import { type Parsed, parse } from './parse.js';
import { type Stop, stopOnSignals } from './signals.js';
import { checkStdout, checkStdoutForResults } from './streams.js';
import { printable } from './text.js';
import type { Result } from './types.js';
import { version } from './version.js';
import { watcher } from './watcher.js';

const DONE = 0;
const USAGE = 2;

/** Does what the arguments say, and returns the exit code. Never throws. */
export async function main(argv: readonly string[], early: EarlySignals): Promise<number> {
  restoreEnvironment();
  // Looked for before the arguments are parsed, so that what is wrong with them is told as JSON too.
  const dashes = argv.indexOf('--');
  const json = (dashes < 0 ? argv : argv.slice(0, dashes)).includes('--json');
  let stop: Stop | undefined;
  consoleToPeople();
  if (json) captureLibraries();
  // Node would print a stack, and a program could not read it.
  const crashes = new Crashes(
    (error) => {
      stop?.abort(error);
      return stop !== undefined;
    },
    (error) => tellFailure(error, json, stop?.by()),
  );
  try {
    if (argv[0] === COMPLETE) {
      write(1, await offerLines(argv.slice(1)));
      return DONE;
    }
    checkArguments(argv);
    const parsed = parse(argv);
    if (parsed.kind !== 'run') return inform(parsed, json);
    checkEnvironment((name) => matters(name, parsed));
    const quiet = json || parsed.args.has('quiet');
    if (parsed.command.name === 'run') {
      asInit(parsed, quiet, json);
      early.keepForCommand();
    }
    const ignored = ignoredSignals();
    stop = stopOnSignals(ignored);
    checkOutput(parsed, json);
    const result = await run(parsed, { stop, quiet, ignored, early, crashes });
    const crashed = await crashes.told();
    if (crashed !== undefined) return crashed;
    await tell(result, json, quiet);
    return (await crashes.told()) ?? result.exitCode ?? DONE;
  } catch (error) {
    return (await crashes.told()) ?? (await tellFailure(error, json, stop?.by()));
  }
}

type Run = Extract<Parsed, { kind: 'run' }>;

interface About {
  readonly stop: Stop;
  readonly quiet: boolean;
  readonly ignored: readonly NodeJS.Signals[];
  readonly early: EarlySignals;
  readonly crashes: Crashes;
}

async function run({ command, args }: Run, { stop, quiet, ignored, early, crashes }: About): Promise<Result> {
  using watching = watcher(quiet, `${command.name}: working`);
  const handOver = (pid: number): void => {
    crashes.hasCommand(pid);
    stop.leave();
    watching[Symbol.dispose]();
  };
  const session = {
    signal: stop.signal,
    progress: watching.progress,
    waiting: watching.waiting,
    quiet,
    ignoredSignals: ignored,
    earlierSignals: () => [...early.came],
    handOver,
    commandEnded: () => crashes.hasNoCommand(),
  };
  return await RUNS[command.name]!(args, session);
}

/** Variables that decide what is done, and with which key: all of ours, and where plaintext goes. */
function matters(name: string, { command }: Run): boolean {
  if (name.startsWith('WEIGHTSEAL_')) return true;
  if (command.name === 'run' || command.name === 'sweep') return /^(?:TMPDIR|XDG_RUNTIME_DIR)$/.test(name);
  return command.name.startsWith('config ') && /^(?:HOME|XDG_STATE_HOME)$/.test(name);
}

function asInit({ args }: Run, quiet: boolean, json: boolean): void {
  // As `run` of the loader has it: 0 to 4 are given to the command anyway, and sockets are for the process that LISTEN_PID names.
  const named = args.rest.some((word) => /^\/(?:dev|proc\/self)\/fd\/(?:[5-9]|[1-9][0-9]+)$/.test(word));
  const { LISTEN_FDS: sockets, LISTEN_PID: receiver } = process.env;
  const passing = named || args.many('pass-fd').length > 0 || (sockets !== undefined && receiver === '1');
  const why = becomeInit(passing);
  if (why === undefined) return;
  const text = `weightseal is process 1 here and takes in no orphans of the command: ${why}. An init does (docker run --init, shareProcessNamespace).`;
  if (json) keepWarning(text);
  else if (!quiet) tellNote(text);
}

/** Where the data or the results would go nowhere, that is told before the work. Else standard output has a summary at most. */
function checkOutput({ command, args }: Run, json: boolean): void {
  if (args.one('output') === '-') checkStdout();
  else if (command.prints || (json && command.name !== 'run')) checkStdoutForResults();
}

async function tell(result: Result, json: boolean, quiet: boolean): Promise<void> {
  const fd = result.stdoutTaken ? 2 : 1;
  if (fd === 1 && (json || result.essential)) checkStdoutForResults();
  if (json) {
    const text = JSON.stringify({ ...result.value, ...(await warnings()) });
    write(fd, `${printable(result.begun ? `],${text.slice(1)}` : text)}\n`);
    return;
  }
  if (result.essential || !quiet) write(fd, result.lines.map((line) => `${line}\n`).join(''));
  if (quiet) return;
  for (const note of result.notes ?? []) if (note !== undefined) tellNote(note);
}

function inform(parsed: Exclude<Parsed, Run>, json: boolean): number {
  if (parsed.kind === 'nothing') {
    if (json) throw usageError('It needs a command; `weightseal --help` shows which there are.');
    write(2, help());
    return USAGE;
  }
  checkStdoutForResults();
  const isVersion = parsed.kind === 'version';
  const text = isVersion ? `${version()}\n` : help(parsed.name);
  const value = isVersion
    ? { version: version(), node: process.versions.node }
    : { topic: parsed.name ?? '', text };
  write(1, json ? `${printable(JSON.stringify(value))}\n` : text);
  return DONE;
}
