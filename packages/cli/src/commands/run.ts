import type { ErrorCode } from '@weightseal/core';
import type { Ran, RunEvent, RunOptions } from '@weightseal/loader';
import { asPath, incompleteNote } from '../bundle/notes.js';
import { keepWarning } from '../captured.js';
import { usageError } from '../cli-error.js';
import { didYouMean } from '../did-you-mean.js';
import { codeLine, told } from '../failure.js';
import { keysToOpen } from '../keys.js';
import { tellNote, uncheckedContext } from '../notes.js';
import { Place } from '../place.js';
import { printable, quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { byteCount, contextOf, pathOf } from '../values.js';

const RELEASED = {
  wiped: 'the plaintext was overwritten with zeros and freed',
  mapped: 'a process maps the plaintext, so it was not overwritten; it stays until that ends',
  open: 'a process has the plaintext open, so it was not overwritten; it stays until that ends',
  freed: 'the plaintext was freed, and not overwritten',
} as const;

/** As shells have it: of commands that cannot be run. */
const NOT_RUN: Readonly<Partial<Record<ErrorCode, number>>> = {
  COMMAND_NOT_FOUND: 127,
  COMMAND_NOT_EXECUTABLE: 126,
};

export async function run(args: Args, session: Session): Promise<Result> {
  const path = pathOf(args, 'run');
  await using place = await Place.of(args, path);
  const loader = await import('@weightseal/loader');
  // Before anything of ours is open that could have such a number.
  const passFds = [...args.many('pass-fd').map(descriptor), ...loader.descriptorsIn(args.rest)];
  const { keys, hedgeMs, trust, used } = await keysToOpen(args, 'run');
  const context = contextOf(args);
  const options: RunOptions = {
    keys,
    hedgeMs,
    trust,
    context,
    command: args.rest,
    release: oneOf(args, 'release', ['after-exit', 'on-ready']),
    readyUrl: args.one('ready-url'),
    nameless: !args.has('named'),
    where: oneOf(args, 'where', ['auto', 'own', 'existing']),
    directory: args.one('directory'),
    name: args.one('name'),
    allowDisk: args.has('allow-disk'),
    requireNoSwap: args.has('require-no-swap'),
    memoryAllowance: byteCount(args, 'memory-allowance'),
    digest: args.has('check-digest') || undefined,
    only: some(args, 'only'),
    allowExtra: some(args, 'allow-extra'),
    allowIncomplete: args.has('allow-incomplete') || undefined,
    writableBeside: args.has('writable-beside'),
    privateCaches: args.has('private-caches'),
    privateTmp: args.has('private-tmp'),
    owner: owner(args.one('owner')),
    allowExec: args.has('allow-exec'),
    keepEnv: args.many('keep-env'),
    passFds,
    signal: session.signal,
    onProgress: await session.progress('opening'),
    ignoredSignals: session.ignoredSignals,
    earlierSignals: session.earlierSignals(),
    onEvent: (event) => {
      // All of it is in memory, and the command may run for months.
      if (event.event === 'started') void place[Symbol.asyncDispose]().catch(() => {});
      onEvent(event, session, { contextChecked: context !== undefined, json: args.has('json') });
    },
  };
  const ran = await loader.run(place.at, options).catch(notRun);
  if ('notRun' in ran) return ran.notRun;
  return {
    value: {
      input: path,
      ...used,
      ...ran,
      ...(ran.incomplete && { incomplete: ran.incomplete.map(asPath) }),
      contextChecked: context !== undefined,
    },
    lines: warningsOf(ran).map((text) => `weightseal: warning: ${text}`),
    essential: true,
    // The command's standard output is its own.
    stdoutTaken: true,
    exitCode: ran.exitCode,
  };
}

function warningsOf({ left, oomKilled, size: bytes, written }: Ran): string[] {
  const warnings = left.map((path) => `${quote(path)} could not be removed; it may hold plaintext`);
  if (written.length > 0)
    warnings.push(
      `files were written outside of memory while the command ran, and may hold plaintext: ${namesOf(written)}`,
    );
  if (oomKilled)
    warnings.push(
      'the command was killed because memory ran out: the limit of its control group (Docker: --memory; Kubernetes: resources.limits.memory; ' +
        `systemd: MemoryMax=) must cover the plaintext, ${size(bytes)}, and what the engine takes, which is as much again where it copies the weights`,
    );
  return warnings;
}

/** So many are named on a terminal; `--json` has all that were found. */
const NAMED = 5;

function namesOf(written: Ran['written']): string {
  const names = written.slice(0, NAMED).map(({ path, bytes }) => `${quote(path)} (${size(bytes)})`);
  const more = written.length - names.length;
  return names.join(', ') + (more > 0 ? `, and ${more} more` : '');
}

/** The exit code of a command that cannot be run is that of a shell, and no class's. */
async function notRun(error: unknown): Promise<{ notRun: Result }> {
  const { code, class: errorClass, message } = await told(error);
  const exitCode = NOT_RUN[code];
  if (exitCode === undefined) throw error;
  const lines = [`weightseal: ${printable(message)}`, codeLine(code)];
  const value = { error: { code, class: errorClass, message } };
  return { notRun: { value, lines, essential: true, stdoutTaken: true, exitCode } };
}

interface Telling {
  readonly contextChecked: boolean;
  readonly json: boolean;
}

function onEvent(
  event: RunEvent,
  { quiet, handOver, commandEnded }: Session,
  { contextChecked, json }: Telling,
): void {
  if (event.event === 'started') {
    handOver(event.pid);
    if (quiet) return;
    // Before the command has its say, and not when a server ends after months.
    if (!contextChecked)
      tellNote(
        uncheckedContext(event.opened.context, event.opened.members === undefined ? 'file' : 'bundle'),
      );
    for (const one of event.opened.incomplete ?? []) tellNote(incompleteNote(one));
    for (const warning of event.placement.warnings) tellNote(warning);
  } else if (event.event === 'ended') {
    commandEnded();
  } else if (event.event === 'warning') {
    if (json) keepWarning(event.message);
    else if (!quiet) tellNote(event.message);
  } else if (!quiet && (event.when === 'ready' || event.how !== 'wiped')) tellNote(RELEASED[event.how]);
}

function descriptor(text: string): number {
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw usageError(`--pass-fd takes the number of a descriptor, not ${JSON.stringify(text)}.`);
}

/** Those that were given, undefined without any. */
function some(args: Args, flag: string): readonly string[] | undefined {
  const given = args.many(flag);
  return given.length > 0 ? given : undefined;
}

function owner(text: string | undefined): RunOptions['owner'] {
  if (text === undefined) return undefined;
  const [, uid, gid] = /^([0-9]{1,10})(?::([0-9]{1,10}))?$/.exec(text) ?? [];
  if (uid !== undefined) return { uid: Number(uid), gid: gid === undefined ? undefined : Number(gid) };
  throw usageError(
    `--owner takes the numbers of a user and a group, 1000 or 1000:1000, not ${JSON.stringify(text)}.`,
  );
}

function oneOf<T extends string>(args: Args, flag: string, values: readonly T[]): T | undefined {
  const given = args.one(flag);
  const found = values.find((value) => value === given);
  if (given === undefined || found !== undefined) return found;
  throw usageError(
    `--${flag} is one of ${values.join(', ')}, not ${JSON.stringify(given)}.${didYouMean(given, values)}`,
  );
}
