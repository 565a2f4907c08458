import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasOwnNumbers } from '../machine/own-numbers.js';
import { bothInForeground } from './terminal.js';

/** Those that would end us before the command has begun do so; the others are kept for it. */
const KEPT = ['SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;
const PASSED = [...KEPT, 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
/** Those that a terminal sends to every process in the foreground, and so to the command too. */
const BY_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'];
/** These end a process that has not said what to do then. */
const DEADLY: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2'];
const EVERY_MS = 20;
/** A shell blocks signals for moments; who waits for them by sigwait(3) or a descriptor does so for good. */
const FOR_GOOD = 10;
/** A command that takes no notice for so long will not. */
const PATIENCE_MS = 10_000;

/**
 * Passes signals on, and so keeps them from ending us before the command: what it leaves is still to be cleaned up. From the beginning, since Node opens a debugger on
 * SIGUSR1 that nobody listens to.
 */
export class SignalPassing implements Disposable {
  readonly #ignored: readonly NodeJS.Signals[];
  readonly #listeners = new Map<NodeJS.Signals, () => void>();
  readonly #kept = new Set<NodeJS.Signals>();
  readonly #ended = new AbortController();
  #child: ChildProcess | undefined;
  #since = 0;

  /**
   * @param ignored signals that neither we nor the command take notice of
   * @param before those that have come already
   */
  constructor(ignored: readonly NodeJS.Signals[], before: readonly NodeJS.Signals[]) {
    this.#ignored = ignored;
    for (const name of new Set([...KEPT, ...ignored])) this.#listen(name);
    for (const name of before) this.#came(name);
  }

  /** To call directly before the command is started: it may run before we know of it, and from then on no signal ends us without it. */
  expectCommand(): void {
    for (const name of PASSED) this.#listen(name);
  }

  /** To the command, now that there is one; first those that came before. Tells whether one of these was to end it. */
  to(child: ChildProcess): boolean {
    this.#child = child;
    this.#since = Date.now();
    for (const name of this.#kept) void this.#deliver(name, child);
    return ENDING.some((name) => this.#kept.has(name));
  }

  #listen(name: NodeJS.Signals): void {
    if (this.#listeners.has(name)) return;
    const listener = (): void => this.#came(name);
    this.#listeners.set(name, listener);
    process.on(name, listener);
  }

  #came(name: NodeJS.Signals): void {
    if (this.#ignored.includes(name)) return;
    if (BY_TERMINAL.includes(name) && bothInForeground(this.#child?.pid)) return;
    if (!this.#child) this.#kept.add(name);
    else void this.#deliver(name, this.#child);
  }

  /** When the command has had the time to say what it does then. */
  async #deliver(name: NodeJS.Signals, child: ChildProcess): Promise<void> {
    const { signal } = this.#ended;
    const until = DEADLY.includes(name) ? this.#since + PATIENCE_MS : 0;
    for (let blocked = 0; Date.now() < until && !signal.aborted; ) {
      const does = whatDoes(child.pid!, name);
      blocked = does === 'blocks' ? blocked + 1 : 0;
      if (does !== 'nothing' && (does !== 'blocks' || blocked >= FOR_GOOD)) break;
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    }
    if (!signal.aborted) child.kill(name);
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const [name, listener] of this.#listeners) process.removeListener(name, listener);
    this.#listeners.clear();
  }
}

/** What a process does at a signal; undefined where that cannot be seen. */
function whatDoes(pid: number, name: NodeJS.Signals): 'acts' | 'blocks' | 'nothing' | undefined {
  try {
    if (!hasOwnNumbers()) return undefined;
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const bit = BigInt(constants.signals[name] - 1);
    const has = (mask: string) => {
      const digits = new RegExp(`^Sig${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
      return ((BigInt(`0x${digits}`) >> bit) & 1n) === 1n;
    };
    if (has('Cgt') || has('Ign')) return 'acts';
    return has('Blk') ? 'blocks' : 'nothing';
  } catch {
    return undefined;
  }
}
