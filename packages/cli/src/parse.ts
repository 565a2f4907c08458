import type { parseArgs as ParseArgs, ParseArgsOptionsConfig } from 'node:util';
import { util } from './builtins.js';
import { usageError } from './cli-error.js';
import { COMMANDS, type Command, type Flag, flagsOf, inGroup } from './spec.js';
import type { Args } from './types.js';

export type Parsed =
  | { readonly kind: 'help'; readonly name?: string | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'run'; readonly command: Command; readonly args: Args };

/** @throws CliError of class usage */
export function parse(argv: readonly string[]): Parsed {
  const [first, second] = argv;
  if (first === undefined) return { kind: 'nothing' };
  if (isHelp(first)) return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === 'help') return { kind: 'help', name: topic(argv.slice(1)) };
  if (inGroup(first).length > 0 && isHelp(second)) return { kind: 'help', name: first };
  const { command, rest } = commandOf(argv);
  const { before, after } = aroundDashes(command, rest);
  const { values, positionals } = tokens(before, command);
  if (values['help'] === true) return { kind: 'help', name: command.name };
  if (command.rest !== undefined && after.length === 0)
    throw wrong(command, `It needs -- ${command.rest}: the command stands behind --.`);
  checkOperands(command, positionals);
  const missing = flagsOf(command).find(({ name, required }) => required && values[name] === undefined);
  if (missing) throw wrong(command, `It needs --${missing.name} <${missing.value}>.`);
  const one = (flag: string) => values[flag] as string | undefined;
  const many = (flag: string) => (values[flag] as string[] | undefined) ?? [];
  const has = (flag: string) => values[flag] === true;
  return {
    kind: 'run',
    command,
    args: { operand: positionals[0] ?? '', operands: positionals, rest: after, one, many, has },
  };
}

/** Another program's options are not ours to understand. */
function aroundDashes(
  { rest }: Command,
  words: readonly string[],
): { before: readonly string[]; after: readonly string[] } {
  const at = words.indexOf('--');
  if (rest === undefined || at < 0) return { before: words, after: [] };
  return { before: words.slice(0, at), after: words.slice(at + 1) };
}

function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h';
}

/** What `help` is asked about: a command, a group of commands, or nothing in particular. */
function topic(words: readonly string[]): string | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  return second === undefined && inGroup(first).length > 0 ? first : commandOf(words).command.name;
}

function commandOf([first = '', ...rest]: readonly string[]): { command: Command; rest: readonly string[] } {
  const group = inGroup(first);
  const name = group.length > 0 ? `${first} ${rest[0] ?? ''}` : first;
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return { command, rest: group.length > 0 ? rest.slice(1) : rest };
  const names = (group.length > 0 ? group : COMMANDS).map((one) => one.name).join(', ');
  throw usageError(`${JSON.stringify(name.trimEnd())} is not a command. The commands are ${names}.`);
}

function tokens(args: readonly string[], command: Command): ReturnType<typeof ParseArgs> {
  const options: ParseArgsOptionsConfig = Object.fromEntries(flagsOf(command).map(optionOf));
  try {
    return util.parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node's advice to put it behind -- would make it a file or a command.
    const message = (error as Error).message
      .replaceAll(/\s+/g, ' ')
      .replace(/ To specify a positional .*$/, '');
    throw wrong(command, `${message.replace(/\.$/, '')}.`);
  }
}

function optionOf({ name, short, value, many }: Flag): [string, ParseArgsOptionsConfig[string]] {
  const type = value === undefined ? 'boolean' : 'string';
  return [name, { type, ...(short !== undefined && { short }), ...(many && { multiple: true }) }];
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { operand, anyNumber, several } = command;
  if (operand === undefined && operands.length > 0) throw wrong(command, 'It takes options only.');
  if (operand === undefined) return;
  if (operands.includes('') || (operands.length === 0 && !anyNumber))
    throw wrong(command, `It needs ${operand}.`);
  if (operands.length > 1 && !anyNumber)
    throw wrong(
      command,
      [`It takes one ${operand}, not ${operands.length}.`, several].filter(Boolean).join(' '),
    );
}

function wrong({ name }: Command, problem: string): Error {
  return usageError(`${name}: ${problem} \`weightseal ${name} --help\` shows how.`);
}
