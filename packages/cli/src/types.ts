import type { OnProgress } from '@weightseal/core';
import type { Place } from './place.js';

/** What the command line said, with every name and number of values already checked against the command's table. */
export interface Args {
  /** The one thing a command is about: a path, a key, or the shell of `completion`. */
  readonly operand: string;
  /** For a command that can be about several. */
  readonly operands: readonly string[];
  /** For a command that runs another one: what stands after `--`. */
  readonly rest: readonly string[];
  one(flag: string): string | undefined;
  many(flag: string): readonly string[];
  has(flag: string): boolean;
}

/** What a command gets from the process around it. */
export interface Session {
  readonly signal: AbortSignal;
  /** A progress callback, where somebody is watching. */
  progress(doing: string): Promise<OnProgress | undefined>;
  /** What is waited for from now on, for whoever looks at a command that does nothing. */
  waiting(what: string): void;
  /** Whether nothing but the outcome is to be told. */
  readonly quiet: boolean;
  /** The signals that the process around us has set to be ignored. */
  readonly ignoredSignals: readonly NodeJS.Signals[];
  /** Those that came already, and are for a command that is to be started. */
  earlierSignals(): readonly NodeJS.Signals[];
  /** From now on terminal and signals are somebody else's: a command that was started has them, and we end when it does. */
  handOver(pid: number): void;
  /** It has ended, and its number may be another process's. */
  commandEnded(): void;
}

/** What a command has to say once it has succeeded; `main` decides where it goes. */
export interface Result {
  /** For --json. */
  readonly value: object;
  /** For people. Everything in it that a file said has gone through `quote`. */
  readonly lines: readonly string[];
  /** The lines are what the command is for, so --quiet does not suppress them. */
  readonly essential?: boolean;
  /** With --json: the object has been begun on standard output, by a list as its last member so far, and the rest of it is `value`. */
  readonly begun?: boolean;
  /** Standard output has the data already; what there is to say goes to standard error. */
  readonly stdoutTaken?: boolean;
  /** What a person should know, and a program need not; undefined for what there is no need to say. */
  readonly notes?: readonly (string | undefined)[];
  /** Other than 0 where the command has done its work, and found something bad. */
  readonly exitCode?: number | undefined;
}

export type Run = (args: Args, session: Session) => Promise<Result>;

/** A command about one place, which is known by then. */
export type RunAt = (args: Args, session: Session, place: Place) => Promise<Result>;
