import { WeightsealError } from '@weightseal/core';
import type { LoadOptions } from '../load.js';
import type { OpenedModel } from '../model.js';
import type { Placement } from '../place/space.js';
import type { Released } from '../plaintext.js';
import type { Written } from './written.js';

export const RUNNING = {
  command: 'any',
  release: 'any',
  readyUrl: 'any',
  keepEnv: 'list',
  passFds: 'list',
  ignoredSignals: 'strings',
  earlierSignals: 'strings',
  onEvent: 'function',
  writableBeside: 'boolean',
  privateCaches: 'boolean',
  privateTmp: 'boolean',
} as const;

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
  /**
   * For a directory: whether engines can make files beside the weights (locks, compiled engines, converted copies), in the same memory and gone with it. The weights themselves stay as
   * they are. The default is false, and the directory can only be read.
   */
  readonly writableBeside?: boolean | undefined;
  /** Whether the variables by which engines are told where to keep caches lead into that memory too, since caches can hold weights. The default is false. */
  readonly privateCaches?: boolean | undefined;
  /** The same for TMPDIR, TMP and TEMP. */
  readonly privateTmp?: boolean | undefined;
  /** Told when the command begins and when it ends, and each time that plaintext is released. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
}

export type RunEvent =
  | {
      readonly event: 'started';
      readonly pid: number;
      readonly path: string;
      readonly placement: Placement;
      readonly opened: OpenedModel;
    }
  /** At once, and before what it had is released: from now on its process number may be another's. */
  | { readonly event: 'ended'; readonly pid: number }
  | { readonly event: 'released'; readonly when: 'ready' | 'exit'; readonly how: Released }
  /** A sentence for whoever runs this. */
  | { readonly event: 'warning'; readonly message: string };

/** How the command ended. */
export interface Ran extends OpenedModel {
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
  /** With `privateCaches`: the files that were written in the usual places of caches all the same, and in the working directory, while the command ran. */
  readonly written: readonly Written[];
}

export function checked({ command, release, readyUrl }: RunOptions): URL | undefined {
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
