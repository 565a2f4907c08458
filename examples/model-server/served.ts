import { Refusal } from './refusal.ts';
import type { Settings } from './settings.ts';
import { Version } from './version.ts';

/** The version that is served, and the change to another one. */
export class Served {
  readonly #settings: Settings;
  readonly #stop = new AbortController();
  #expected: string | undefined;
  #current: Version | undefined;
  #changing: Promise<Version> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#expected = settings.version;
  }

  /** The name of what is served; undefined when nothing is. */
  get version(): string | undefined {
    return this.#current?.runs ? this.#current.name : undefined;
  }

  /** The version stays until `work` is done, also when another one is served by then. */
  async use<T>(work: (version: Version) => Promise<T>): Promise<T> {
    const version = this.#current;
    if (!version) throw new Refusal(503, 'NOT_READY');
    version.hold();
    try {
      return await work(version);
    } finally {
      await version.drop();
    }
  }

  /**
   * Opens a version beside the one that is served, then serves it. When it throws, nothing has changed. One at a time: two would
   * take the memory of three.
   */
  async change(expected: string | undefined = this.#expected): Promise<Version> {
    if (this.#changing) throw new Refusal(409, 'RELOAD_UNDER_WAY');
    if (this.#stop.signal.aborted) throw new Refusal(503, 'STOPPING');
    if (this.#current && this.#settings.source.kind === 'opened')
      throw new Refusal(409, 'RELOAD_NEEDS_RESTART');
    const changing = this.#change(expected).finally(() => {
      this.#changing = undefined;
    });
    this.#changing = changing;
    return await changing;
  }

  async #change(expected: string | undefined): Promise<Version> {
    const next = await Version.open(this.#settings.source, expected, this.#stop.signal);
    // No request comes between these: each has the one or the other, whole.
    const last = this.#current;
    this.#current = next;
    this.#expected = expected;
    await last?.drop();
    return next;
  }

  /** Once no request is left. A version that is being opened is given up. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#changing?.catch(() => {});
    const last = this.#current;
    this.#current = undefined;
    await last?.drop();
  }
}
