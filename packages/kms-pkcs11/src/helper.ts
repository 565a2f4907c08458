import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { wipe } from '@weightseal/core';
import { encodeFrame, type Frame, FrameReader } from './frames.js';
import { type Answer, HelperFailure, type Request } from './messages.js';
import { PIN_VARIABLE } from './pin.js';

/** Threads for calls into the module: more than a token gets sessions, since one that hangs keeps its thread. */
const THREADS = 16;
/** How long the helper may take to close its sessions; it counts to one second itself. */
const GOODBYE_MS = 2000;

interface Call {
  readonly resolve: (frame: Frame<Answer>) => void;
  readonly reject: (failure: HelperFailure) => void;
}

/** @throws HelperFailure in a bundle, which leaves the file behind, and in a single executable, which would start itself */
function program(): string {
  try {
    const path = fileURLToPath(new URL('./worker.js', import.meta.url));
    // Not every runtime that loads this has the module.
    const sea: typeof import('node:sea') | undefined = process.getBuiltinModule('node:sea');
    if (!sea?.isSea() && existsSync(path)) return path;
  } catch {
    // In CommonJS the code does not know where it is.
  }
  throw new HelperFailure({ kind: 'no-program' });
}

/** The helper has PINs and data keys, and Node would open its debugger to whoever sends it a SIGUSR1. Older ones do not know the option. */
function withoutDebugger(): string[] {
  const option = '--disable-sigusr1';
  return process.allowedNodeEnvironmentFlags.has(option) ? [option] : [];
}

/** A process that has loaded one PKCS#11 module. It keeps this one neither alive nor from ending, and ends with it. */
export class Helper {
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  /** What has not been answered yet; undefined for what nobody waits for any more. */
  readonly #calls = new Map<number, Call | undefined>();
  readonly #reader = new FrameReader<Answer>();
  readonly #started = performance.now();
  #count = 0;
  #answers = 0;
  #ended: HelperFailure | undefined;
  #retired = false;

  /** @throws HelperFailure */
  constructor(module: string) {
    try {
      this.#child = spawn(process.execPath, [...withoutDebugger(), program(), module], {
        // What the module prints is for people, and not for who reads our standard output.
        stdio: ['ignore', 2, 2, 'pipe'],
        env: environment(),
        windowsHide: true,
      });
    } catch (cause) {
      throw cause instanceof HelperFailure ? cause : notStarted(cause);
    }
    // Where the process has no descriptor left there are no pipes, and the event that follows would end the program.
    this.#child.on('error', () => {});
    const pipes: ChildProcess['stdio'] | undefined = this.#child.stdio;
    if (!pipes) throw notStarted({ code: 'EMFILE' });
    this.#channel = pipes[3] as Socket;
    this.#child.on('error', (cause) => this.#end(notStarted(cause)));
    this.#child.on('exit', (code, signal) => {
      this.#end(
        new HelperFailure({ kind: 'no-helper', detail: `it ended with ${signal ?? `code ${code}`}` }),
      );
    });
    this.ended = new Promise((resolve) => this.#child.on('close', () => resolve()));
    this.#channel.on('error', () => {});
    this.#channel.on('data', (chunk) => this.#take(chunk));
    this.#child.unref();
    this.#channel.unref();
  }

  get ageMs(): number {
    return performance.now() - this.#started;
  }

  /** How many calls it has answered. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether it can be given more calls. */
  get usable(): boolean {
    return !this.#retired && this.#ended === undefined;
  }

  /** Nobody waits for an answer. */
  get idle(): boolean {
    return [...this.#calls.values()].every((call) => call === undefined);
  }

  /** The module has not come back from every call: it may be stuck. */
  get busy(): boolean {
    return this.#calls.size > 0;
  }

  /** Settles once the process has ended. */
  readonly ended: Promise<void>;

  /**
   * Asks, and waits until `stop`; what is answered after that is wiped. `bytes` stay the caller's; the bytes of the answer become the caller's.
   *
   * @throws HelperFailure, the reason of `stop`
   */
  async ask(request: Request, bytes: Uint8Array, stop: AbortSignal): Promise<Frame<Answer>> {
    stop.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const call = this.#count++;
    const { promise, resolve, reject } = Promise.withResolvers<Frame<Answer>>();
    const onStop = () => {
      this.#calls.set(call, undefined);
      this.#endIfRetired();
      reject(stop.reason);
    };
    this.#calls.set(call, { resolve, reject });
    stop.addEventListener('abort', onStop, { once: true });
    const frame = encodeFrame({ call, head: request, bytes });
    this.#channel.write(frame, () => wipe(frame));
    return promise.finally(() => stop.removeEventListener('abort', onStop));
  }

  /** Gives it no more calls, and ends it once nobody waits for it. */
  retire(): void {
    this.#retired = true;
    this.#endIfRetired();
  }

  /** Ends it now, whatever the module is doing. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const frame of this.#reader.take(chunk)) {
        const waiting = this.#calls.get(frame.call);
        this.#answers++;
        this.#calls.delete(frame.call);
        this.#endIfRetired();
        if (waiting) waiting.resolve(frame);
        else wipe(frame.bytes);
      }
    } catch {
      this.kill();
    }
  }

  #endIfRetired(): void {
    if (!this.#retired || !this.idle || this.#ended) return;
    if (this.busy) this.kill();
    else {
      this.#channel.end();
      setTimeout(() => this.kill(), GOODBYE_MS).unref();
    }
  }

  #end(failure: HelperFailure): void {
    this.#ended ??= failure;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#channel.destroy();
    for (const call of calls) call?.reject(failure);
  }
}

/** This process's own, for the module to find its configuration by, less what the helper has no use for. */
function environment(): NodeJS.ProcessEnv {
  const { [PIN_VARIABLE]: _pin, NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...rest } = process.env;
  return { ...rest, UV_THREADPOOL_SIZE: String(THREADS) };
}

function notStarted(cause: unknown): HelperFailure {
  const detail = (cause as NodeJS.ErrnoException | null)?.code ?? 'it could not be started';
  return new HelperFailure({ kind: 'no-helper', detail }, { cause });
}
