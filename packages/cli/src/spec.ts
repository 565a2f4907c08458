import { FILE_COMMANDS } from './file-commands.js';
import { COMMON } from './flags.js';
import { KEY_COMMANDS } from './key-commands.js';
import { LOAD_COMMANDS } from './load-commands.js';

/** An option of a command. `value` is what its value is called; without it the option is a switch. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  readonly many?: true;
  readonly required?: true;
  readonly help: string;
}

/** The parser, the help and the completion scripts all come from this table. */
export interface Command {
  /** One word, or two for a command of a group: `keys list`. */
  readonly name: string;
  /** What the command is about; without it the command takes none. */
  readonly operand?: string;
  /** What to do with several, where it takes one. */
  readonly several?: string;
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

const COMPLETION: Command = {
  name: 'completion',
  operand: '<bash|zsh|fish>',
  prints: true,
  summary: 'print a completion script for your shell',
  about: 'Prints a completion script.',
  flags: [],
  examples: [
    'weightseal completion bash > ~/.local/share/bash-completion/completions/weightseal',
    'weightseal completion zsh > "$' + '{fpath[1]}/_weightseal"',
    'weightseal completion fish > ~/.config/fish/completions/weightseal.fish',
  ],
};

export const COMMANDS: readonly Command[] = [...FILE_COMMANDS, ...LOAD_COMMANDS, ...KEY_COMMANDS, COMPLETION];

export function flagsOf({ flags }: Command): readonly Flag[] {
  return [...flags, ...COMMON];
}

/** The commands of a group: `keys list` and `keys check` for `keys`. */
export function inGroup(name: string): readonly Command[] {
  return COMMANDS.filter((one) => one.name.startsWith(`${name} `));
}
