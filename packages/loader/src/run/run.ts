import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ByteSource,
  filePath,
  type Opened,
  openReader,
  type SealedReader,
  throwIfAborted,
  WeightsealError,
} from '@weightseal/core';
import type { Inode, Released } from '../inode.js';
import { checkLoad, type LoadOptions, readingOf } from '../load.js';
import { oomKills } from '../machine/oom-kills.js';
import { fileName } from '../names.js';
import { type Chosen, checkPlace, choose } from '../place/choose.js';
import type { Placement } from '../place/space.js';
import { sweepOnce } from '../sweep.js';
import { activated, assign, descriptorsIn } from './descriptors.js';
import { cleanedEnvironment } from './environment.js';
import { existingStage } from './existing-stage.js';
import { lookUp } from './look-up.js';
import { namesModel, withModel } from './model-word.js';
import { ownStage } from './own-stage.js';
import { SignalPassing } from './pass-signals.js';
import { prefixFor } from './prefix.js';
import { type Endpoint, endpointOf, readyByDescriptor, readyByUrl } from './ready.js';
import type { Launch, Stage } from './stage.js';

const RUNNING = {
  command: 'any',
  release: 'any',
  readyUrl: 'any',
  keepEnv: 'list',
  passFds: 'list',
  ignoredSignals: 'strings',
  earlierSignals: 'strings',
  onEvent: 'function',
} as const;
const AGAIN_MS = 5_000;
/** Who ends with the command needs a moment to. */
const MOMENT_MS = 50;
const MOMENTS = 4;
/** As a shell has it: SIGKILL, of the command or of what it waited for. */
const KILLED = 137;

export interface RunOptions extends LoadOptions {
  /** The command and its arguments; `{model}` in an argument stands for the path of the plaintext, and `{{model}}` for `{model}`. */
  readonly command: readonly string[];
  /** When the plaintext is wiped: when the command has ended (the default), or already when it has said that it has loaded the model. */
  readonly release?: 'after-exit' | 'on-ready' | undefined;
  /** For `on-ready`: the URL, of this machine, at which the command or a process of it answers 2xx then. Without one, the command writes a line to the descriptor WEIGHTSEAL_READY_FD. */
  readonly readyUrl?: string | undefined;
  /** Names of variables that stay in the command's environment, although they open keys. */
  readonly keepEnv?: readonly string[] | undefined;
  /**
   * Open descriptors of this process that the command gets under the same numbers. Unless told, those that its own words name (`/dev/fd/63`). Sockets of a service
   * manager (LISTEN_FDS) are passed on anyway.
   */
  readonly passFds?: readonly number[] | undefined;
  /** Signals that are ignored where we were started, as by nohup: the command ignores them too. Node itself sets them back. */
  readonly ignoredSignals?: readonly NodeJS.Signals[] | undefined;
  /** Signals that came before this call, and are the command's. Those that come from now on are passed on by themselves. */
  readonly earlierSignals?: readonly NodeJS.Signals[] | undefined;
  /** Told when the command begins and when it ends, and each time that plaintext is released. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
}

export type RunEvent =
  | {
      readonly event: 'started';
      readonly pid: number;
      readonly path: string;
      readonly placement: Placement;
      readonly opened: Opened;
    }
  /** At once, and before what it had is released: from now on its process number may be another's. */
  | { readonly event: 'ended'; readonly pid: number }
  | { readonly event: 'released'; readonly when: 'ready' | 'exit'; readonly how: Released }
  /** A sentence for whoever runs this. */
  | { readonly event: 'warning'; readonly message: string };

/** How the command ended. */
export interface Ran extends Opened {
  readonly path: string;
  readonly placement: Placement;
  /** As a shell has it: 128 and the signal's number where a signal ended the command. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  /** What became of the plaintext in the end. */
  readonly released: Released;
  /** Whether the command has died (137) while the kernel killed a process of our control group because memory ran out. */
  readonly oomKilled: boolean;
  /** The paths of what the command has left beside the plaintext, and could not be removed. */
  readonly left: readonly string[];
}

/**
 * Opens a sealed file into memory, runs the command on it, and takes the plaintext away. The command shares our standard streams; signals are
 * passed on to it. Rejects only for what happens before the command begins.
 *
 * @throws what `load` throws, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE
 */
export async function run(given: string | URL | ByteSource, options: RunOptions): Promise<Ran> {
  checkLoad(options, 'run', RUNNING);
  const source = filePath(given);
  const { ignoredSignals = [], earlierSignals = [] } = options;
  using signals = new SignalPassing(ignoredSignals, earlierSignals);
  const url = checked(options);
  checkPlace(options);
  const { command, release } = options;
  // Before anything of ours is open.
  const sockets = activated(process.env);
  const byDescriptor = release === 'on-ready' && !url;
  const descriptors = assign(options.passFds ?? descriptorsIn(command), sockets, byDescriptor);
  if (!namesModel(command[0]!)) await lookUp(command[0]!, process.env['PATH']);
  const prefix = await prefixFor(ignoredSignals, options.keepEnv);
  const endpoint = url && (await endpointOf(url));
  await using reader = await openReader(source, { ...readingOf(options), whole: true });
  await sweepOnce(options.directory);
  const chosen = await stageFor(reader, source, options, { descriptors, prefix, signals });
  await using stage = chosen.place;
  const warnings = [...chosen.placement.warnings, ...prefix.warnings];
  const placement = { ...chosen.placement, warnings };
  const { inode, path } = stage;
  try {
    await inode.reserve(reader.size);
    const { digest, onProgress, signal } = options;
    const opened = await reader.writeTo(inode.handle, { digest, onProgress, signal });
    throwIfAborted(signal);
    // The keys are of no more use.
    await reader[Symbol.asyncDispose]();
    const killedBefore = await oomKills();
    await inode.sealOff();
    throwIfAborted(signal);
    const child = await stage.start();
    const told = signals.to(child);
    // It came while the command was being started, when nobody could tell the command.
    if (signal?.aborted && !told) child.kill('SIGTERM');
    const tell = teller(options.onEvent);
    tell({ event: 'started', pid: child.pid!, path, placement, opened });
    const ended = new AbortController();
    const early =
      release === 'on-ready'
        ? clearWhenReady(child, endpoint ?? descriptors.ready!, stage, descriptors.model, tell, ended.signal)
        : undefined;
    const [code, by] = await exitOf(child);
    tell({ event: 'ended', pid: child.pid! });
    ended.abort();
    await early;
    const released = await releaseAfter(inode);
    tell({ event: 'released', when: 'exit', how: released });
    await stage[Symbol.asyncDispose]();
    const exitCode = code ?? 128 + constants.signals[by!];
    const oomKilled = exitCode === KILLED && (await oomKills()) > killedBefore;
    const how = { exitCode, signal: by ?? undefined, released, oomKilled, left: stage.left() };
    return { ...opened, path, placement, ...how };
  } finally {
    await inode.release(false).catch(() => {});
  }
}

/** A callback that throws must not take the command down. */
function teller(onEvent: RunOptions['onEvent']): (event: RunEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // The caller's own, and nobody here to tell.
    }
  };
}

/** What the command has started may outlive it, and still use the plaintext. */
async function releaseAfter(inode: Inode): Promise<Released> {
  for (let moment = 0; ; moment++) {
    const how = await inode.clear(true).catch((): Released => 'freed');
    if (!isUsed(how) || moment === MOMENTS) return how;
    await sleep(MOMENT_MS);
  }
}

const isUsed = (how: Released): boolean => how === 'mapped' || how === 'open';

/** Wipes the plaintext once the command has loaded it. Tries again while a process uses it, until the command has ended. */
async function clearWhenReady(
  child: ChildProcess,
  by: Endpoint | number,
  { inode, path }: Stage,
  given: number,
  tell: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const warn = (message: string) => tell({ event: 'warning', message });
  const ready =
    typeof by === 'number'
      ? readyByDescriptor(child.stdio.at(by) as Readable, signal)
      : readyByUrl(by, { pid: child.pid!, path }, signal, warn);
  if (!(await ready)) return;
  for (let before: Released | undefined; ; ) {
    const how = await inode.clear(true, given).catch((): Released => 'freed');
    if (how !== before) tell({ event: 'released', when: 'ready', how });
    if (!isUsed(how) || signal.aborted) return;
    before = how;
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

async function stageFor(
  reader: SealedReader,
  source: string | ByteSource,
  options: RunOptions,
  about: Pick<Launch, 'descriptors' | 'prefix' | 'signals'>,
): Promise<Chosen<Stage>> {
  const { command, keepEnv, nameless = true, name } = options;
  const { descriptors } = about;
  const launch: Launch = {
    name: fileName(name, reader.name, source),
    bytes: reader.size,
    nameless,
    ...about,
    command: (path) => command.map((word) => withModel(word, path)),
    environment: (path) => ({
      ...cleanedEnvironment(process.env, keepEnv),
      WEIGHTSEAL_MODEL_PATH: path,
      WEIGHTSEAL_MODEL_FD: String(descriptors.model),
      ...(descriptors.ready !== undefined && { WEIGHTSEAL_READY_FD: String(descriptors.ready) }),
    }),
  };
  return choose(reader.size, options, nameless, {
    own: () => ownStage(launch),
    existing: (existing) => existingStage(launch, existing),
  });
}

function checked({ command, release, readyUrl }: RunOptions): URL | undefined {
  const bad = (what: string) => new WeightsealError('INVALID_ARGUMENT', what);
  if (process.platform !== 'linux')
    throw bad(
      'A command runs on plaintext in memory on Linux only; open the file to a path that you choose.',
    );
  if (!Array.isArray(command) || command.some((word) => typeof word !== 'string'))
    throw bad('The option `command` must be an array of strings: the command and its arguments.');
  if (!command[0]) throw bad('There is no command to run.');
  if (![undefined, 'after-exit', 'on-ready'].includes(release))
    throw bad("`release` is 'after-exit' or 'on-ready'.");
  if (readyUrl === undefined) return undefined;
  if (release !== 'on-ready')
    throw bad('A URL that tells of readiness needs release on-ready (--release on-ready).');
  const url = URL.canParse(readyUrl) ? new URL(readyUrl) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw bad('A URL that tells of readiness starts with http:// or https://.');
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode !== null || child.signalCode !== null) return [child.exitCode, child.signalCode];
  return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
}
