import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { filePath, type InputAnywhere, throwIfAborted } from '@weightseal/core';
import { lookAt } from '../bundle-at.js';
import { checkLoad, checkOfFile } from '../load.js';
import { oomKills } from '../machine/oom-kills.js';
import { fileName } from '../names.js';
import { type Chosen, checkPlace, choose, ownerOf } from '../place/choose.js';
import type { Plaintext } from '../plaintext.js';
import { sweepOnce } from '../sweep.js';
import { cacheDirectories, cacheVariables } from './caches.js';
import { activated, assign, descriptorsIn } from './descriptors.js';
import { cleanedEnvironment } from './environment.js';
import { lookUp } from './look-up.js';
import { namesModel, withModel } from './model-word.js';
import { checked, type Ran, RUNNING, type RunEvent, type RunOptions } from './options.js';
import { SignalPassing } from './pass-signals.js';
import { prefixFor } from './prefix.js';
import { endpointOf } from './ready.js';
import { clearWhenReady, releaseAfter } from './release.js';
import { openDirectory, openFile, type RunModel } from './run-model.js';
import type { Launch, Stage } from './stage.js';
import { type Written, writtenSince } from './written.js';

/** As a shell has it: SIGKILL, of the command or of what it waited for. */
const KILLED = 137;

/**
 * Opens a sealed file, or a bundle, into memory, runs the command on it, and takes the plaintext away. The command shares our standard streams; signals are
 * passed on to it. Rejects only for what happens before the command begins.
 *
 * @throws what `load` throws, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE
 */
export async function run(given: InputAnywhere, options: RunOptions): Promise<Ran> {
  checkLoad(options, 'run', RUNNING);
  const source = filePath(given);
  const found = await lookAt(source, options);
  if ('bundle' in found) return runWith(source, options, () => openDirectory(found.bundle, options));
  checkOfFile(options);
  return runWith(source, options, () => openFile(found.file, options));
}

/** @param open asks the key; the model, with the stages for what it is */
export async function runWith<P extends Plaintext>(
  source: Exclude<InputAnywhere, URL>,
  options: RunOptions,
  open: () => Promise<RunModel<P>>,
): Promise<Ran> {
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
  await using model = await open();
  await sweepOnce(options.directory);
  const chosen = await stageFor(model, source, options, { descriptors, prefix, signals });
  await using stage = chosen.place;
  const warnings = [...chosen.placement.warnings, ...(stage.warnings ?? []), ...prefix.warnings];
  const placement = { ...chosen.placement, warnings };
  const { plaintext, path } = stage;
  try {
    const { digest, onProgress, signal } = options;
    const opened = await model.pour(plaintext, { digest, onProgress, signal });
    throwIfAborted(signal);
    // The keys are of no more use.
    await model[Symbol.asyncDispose]();
    const killedBefore = await oomKills();
    await plaintext.sealOff(options.owner && ownerOf(options.owner));
    throwIfAborted(signal);
    const since = Date.now();
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
    const released = await releaseAfter(plaintext);
    tell({ event: 'released', when: 'exit', how: released });
    await stage[Symbol.asyncDispose]();
    const exitCode = code ?? 128 + constants.signals[by!];
    const oomKilled = exitCode === KILLED && (await oomKills()) > killedBefore;
    const written = options.privateCaches ? await writtenBy(options, since) : [];
    const how = { exitCode, signal: by ?? undefined, released, oomKilled, left: stage.left(), written };
    return { ...opened, path, placement, ...how };
  } finally {
    await plaintext.release(false).catch(() => {});
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

function stageFor<P extends Plaintext>(
  model: RunModel<P>,
  source: Exclude<InputAnywhere, URL>,
  options: RunOptions,
  about: Pick<Launch, 'descriptors' | 'prefix' | 'signals'>,
): Promise<Chosen<Stage<P>>> {
  const { command, keepEnv, name, owner } = options;
  const { allowExec = false, writableBeside = false, privateCaches = false, privateTmp = false } = options;
  const { descriptors } = about;
  // Another user cannot get at what only our descriptor leads to.
  const nameless = (options.nameless ?? true) && owner === undefined;
  const launch: Launch = {
    name: fileName(name, model.name, source),
    need: model.need,
    nameless,
    exec: allowExec,
    writable: writableBeside,
    caches: privateCaches || privateTmp,
    owner: owner && ownerOf(owner),
    ...about,
    command: (path) => command.map((word) => withModel(word, path)),
    environment: ({ path, caches }) => ({
      ...cleanedEnvironment(process.env, keepEnv),
      ...(caches !== undefined &&
        cacheVariables(process.env, caches, { caches: privateCaches, tmp: privateTmp }, keepEnv)),
      WEIGHTSEAL_MODEL_PATH: path,
      WEIGHTSEAL_MODEL_FD: String(descriptors.model),
      ...(descriptors.ready !== undefined && { WEIGHTSEAL_READY_FD: String(descriptors.ready) }),
    }),
  };
  return choose(model.need, options, nameless, model.makers(launch));
}

/** Where caches usually are, and what a command writes without being asked where. */
function writtenBy({ owner }: RunOptions, since: number): Promise<Written[]> {
  const caches = cacheDirectories(process.env).map((path) => ({ path }));
  const uids = [process.geteuid!(), ...(owner ? [owner.uid] : [])];
  return writtenSince([...caches, { path: process.cwd(), depth: 1 }], since, uids);
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode !== null || child.signalCode !== null) return [child.exitCode, child.signalCode];
  return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
}
