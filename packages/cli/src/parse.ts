import type { parseArgs as ParseArgs, ParseArgsOptionsConfig } from 'node:util';
import { util } from './builtins.js';
import { usageError } from './cli-error.js';
import { COMMANDS, type Command, type Flag, flagsOf } from './spec.js';
import type { Args } from './types.js';

export type Parsed =
  | { readonly kind: 'help'; readonly name?: string | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'run'; readonly command: Command; readonly args: Args };

/** @throws CliError of class usage */
export function parse([first, ...rest]: readonly string[]): Parsed {
  if (first === undefined) return { kind: 'nothing' };
  if (first === '--help' || first === '-h') return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === 'help') return { kind: 'help', name: rest[0] && commandOf(rest[0]).name };
  const command = commandOf(first);
  const { values, positionals } = tokens(rest, command);
  if (values['help'] === true) return { kind: 'help', name: first };
  const [operand, ...surplus] = positionals;
  if (operand === undefined || operand === '') throw wrong(command, `It needs ${command.operand}.`);
  if (surplus.length > 0) throw wrong(command, `It takes one ${command.operand}, not ${positionals.length}.`);
  const missing = flagsOf(command).find(({ name, required }) => required && values[name] === undefined);
  if (missing) throw wrong(command, `It needs --${missing.name} <${missing.value}>.`);
  const one = (flag: string) => values[flag] as string | undefined;
  const many = (flag: string) => (values[flag] as string[] | undefined) ?? [];
  return { kind: 'run', command, args: { operand, one, many, has: (flag) => values[flag] === true } };
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return command;
  const names = COMMANDS.map((one) => one.name).join(', ');
  throw usageError(`${JSON.stringify(name)} is not a command. The commands are ${names}.`);
}

function tokens(args: readonly string[], command: Command): ReturnType<typeof ParseArgs> {
  const options: ParseArgsOptionsConfig = Object.fromEntries(flagsOf(command).map(optionOf));
  try {
    return util.parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw wrong(command, `${(error as Error).message.replace(/\.$/, '')}.`);
  }
}

function optionOf({ name, short, value, many }: Flag): [string, ParseArgsOptionsConfig[string]] {
  const type = value === undefined ? 'boolean' : 'string';
  return [name, { type, ...(short !== undefined && { short }), ...(many && { multiple: true }) }];
}

function wrong({ name }: Command, problem: string): Error {
  return usageError(`${name}: ${problem} \`weightseal ${name} --help\` shows how.`);
}
