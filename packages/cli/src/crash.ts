/** For the work to clean up after itself, and for a command to end. */
const MOMENT_MS = 10_000;
/** To wipe the plaintext of a command that had to be killed. */
const LAST_MOMENT_MS = 2_000;

/**
 * An exception that nobody caught: some of what runs here is broken, and nobody knows what. So the work is stopped, and not just left: what it has begun is not
 * to be published, what it has written goes, and a command ends, since its plaintext may not be left without us. But what is broken may never end.
 */
export class Crashes {
  readonly #tell: (error: unknown) => Promise<number>;
  /** The first, since others may come of it. */
  #crash: { readonly error: unknown } | undefined;
  #told: Promise<number> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #command: number | undefined;

  /**
   * @param stop stops the work; tells whether any had begun
   * @param tell tells of it; gives the exit code
   */
  constructor(stop: (error: unknown) => boolean, tell: (error: unknown) => Promise<number>) {
    this.#tell = tell;
    process.on('uncaughtException', (error: unknown) => {
      if (this.#crash) return;
      this.#crash = { error };
      if (!stop(error)) return void this.#end();
      this.#tellCommand('SIGTERM');
      this.#timer = setTimeout(() => {
        if (this.#command === undefined) return void this.#end();
        this.#tellCommand('SIGKILL');
        this.#timer = setTimeout(() => void this.#end(), LAST_MOMENT_MS);
      }, MOMENT_MS);
    });
  }

  /** A command has begun, which ends as we do. */
  hasCommand(pid: number): void {
    this.#command = pid;
    if (this.#crash) this.#tellCommand('SIGTERM');
  }

  /** It has ended: its number is no longer its own. */
  hasNoCommand(): void {
    this.#command = undefined;
  }

  /** The work is over: tells of a crash, where there was one, and gives the exit code then. */
  async told(): Promise<number | undefined> {
    clearTimeout(this.#timer);
    this.hasNoCommand();
    if (!this.#crash) return undefined;
    this.#told ??= this.#tell(this.#crash.error);
    return await this.#told;
  }

  async #end(): Promise<void> {
    process.exit(await this.told());
  }

  #tellCommand(signal: NodeJS.Signals): void {
    if (this.#command === undefined) return;
    try {
      process.kill(this.#command, signal);
    } catch {
      // It has ended.
    }
  }
}
