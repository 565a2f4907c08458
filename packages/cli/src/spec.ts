import { ABOUT_COMMANDS } from './about-commands.js';
import { AUDIT_COMMANDS } from './audit-commands.js';
import { CHANNEL_COMMANDS } from './channel-commands.js';
import { FILE_COMMANDS } from './file-commands.js';
import { COMMON } from './flags.js';
import { KEY_COMMANDS } from './key-commands.js';
import { LOAD_COMMANDS } from './load-commands.js';
import { PULL_COMMANDS } from './pull-commands.js';
import { RELEASE_COMMANDS } from './release-commands.js';
import { SERVE_COMMANDS } from './serve-commands.js';
import { STORAGE_COMMANDS } from './storage-commands.js';
import { STORE_COMMANDS } from './store-commands.js';
import { TRANSIT_COMMANDS } from './transit-commands.js';

/** An option of a command. `value` is what its value is called; without it the option is a switch. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  /** All that the value can be, where that is known. */
  readonly values?: readonly string[];
  readonly many?: true;
  /** It takes the URI of a store, too. */
  readonly inStores?: true;
  readonly required?: true;
  /** Of a command that takes both: which of them the option is for, and what to say, after a blank, where it is given for the other. */
  readonly of?: 'file' | 'directory';
  readonly notOf?: string;
  readonly help: string;
}

/** The parser, the help and the completion scripts all come from this table. */
export interface Command {
  /** One word, or two for a command of a group: `keys list`. */
  readonly name: string;
  /** What the command is about; without it the command takes none. */
  readonly operand?: string;
  /** All that the operand can be, where that is known. */
  readonly values?: readonly string[];
  /** What to do with several, where it takes one. */
  readonly several?: string;
  /** What it takes besides, after that. */
  readonly second?: string;
  /** Any number of operands, also none. */
  readonly anyNumber?: true;
  /** What stands after `--`, for a command that runs another one. */
  readonly rest?: string;
  /** What it prints is what it is for. */
  readonly prints?: true;
  readonly summary: string;
  readonly about: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
}

export const COMMANDS: readonly Command[] = [
  ...FILE_COMMANDS,
  ...LOAD_COMMANDS,
  ...STORE_COMMANDS,
  ...PULL_COMMANDS,
  ...AUDIT_COMMANDS,
  ...STORAGE_COMMANDS,
  ...RELEASE_COMMANDS,
  ...CHANNEL_COMMANDS,
  ...KEY_COMMANDS,
  ...SERVE_COMMANDS,
  ...TRANSIT_COMMANDS,
  ...ABOUT_COMMANDS,
];

export function flagsOf({ flags }: Command): readonly Flag[] {
  return [...flags, ...COMMON];
}

/** The commands of a group: `keys list` and `keys check` for `keys`. */
export function inGroup(name: string): readonly Command[] {
  return COMMANDS.filter((one) => one.name.startsWith(`${name} `));
}
