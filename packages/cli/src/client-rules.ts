import type { AuthorisationRules } from '@weightseal/transit';
import { fs } from './builtins.js';
import { SystemError, usageError } from './cli-error.js';
import { quote } from './text.js';

const MOST = 1_048_576;
const EVERY_MS = 10_000;

export interface Watching {
  /** Takes what is there now. Whatever it throws is told, and what was there before stays in use. */
  readonly use: (rules: AuthorisationRules) => void;
  /** Told once of each state of the file that cannot be used. */
  readonly onRefused: (error: unknown) => void;
  readonly onReloaded: () => void;
  /** Milliseconds between two looks. */
  readonly everyMs?: number;
}

/** The file of --clients. What is wrong in the rules themselves is said by whoever reads them. */
export class ClientRules {
  readonly #path: string;
  /** By numbers and times, since mounted files are swapped by links. */
  #state: string;
  readonly first: AuthorisationRules;

  /** @throws CliError */
  constructor(path: string) {
    this.#path = path;
    // Before it is read: what changes meanwhile is seen at the next look.
    this.#state = stateOf(path);
    this.first = read(path);
  }

  /** Looks at it again and again, as is done with certificates. */
  watch({ use, onRefused, onReloaded, everyMs = EVERY_MS }: Watching): Disposable {
    const timer = setInterval(() => {
      const state = stateOf(this.#path);
      if (state === this.#state) return;
      this.#state = state;
      try {
        use(read(this.#path));
        onReloaded();
      } catch (error) {
        onRefused(error);
      }
    }, everyMs).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }
}

function stateOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = fs.statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'unknown';
  }
}

function read(path: string): AuthorisationRules {
  let text: string;
  try {
    if (fs.statSync(path).size > MOST)
      throw usageError(`--clients takes a file of 1 MiB at most, and ${quote(path)} has more.`);
    text = fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new SystemError(`read ${path}`, error);
  }
  try {
    return JSON.parse(text) as AuthorisationRules;
  } catch {
    throw usageError(
      `--clients takes a file in JSON, {"clients": [{"names": ["spiffe://…"], "models": ["**"]}]}, and ${quote(path)} is none.`,
    );
  }
}
