import type { parseArgs as ParseArgs, ParseArgsOptionsConfig } from 'node:util';
import { util } from './builtins.js';
import { usageError } from './cli-error.js';
import { didYouMean } from './did-you-mean.js';
import { COMMANDS, type Command, type Flag, flagsOf, inGroup } from './spec.js';
import { shellWord } from './text.js';
import type { Args } from './types.js';

export type Parsed =
  | { readonly kind: 'help'; readonly name?: string | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'run'; readonly command: Command; readonly args: Args };

/** @throws CliError of class usage */
export function parse(argv: readonly string[]): Parsed {
  // Of those that say no command, these say nothing else either.
  const [first, second] = argv[0] === '--json' ? argv.slice(1) : argv;
  if (first === undefined) return { kind: 'nothing' };
  if (isHelp(first)) return { kind: 'help' };
  if (/^(?:--version|-V|-v)$/.test(first)) return { kind: 'version' };
  if (inGroup(first).length > 0 && (second === undefined || /^(?:--help|-h|--json)$/.test(second)))
    return { kind: 'help', name: first };
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

function commandOf([first = '', ...rest]: readonly string[]): { command: Command; rest: readonly string[] } {
  const group = inGroup(first);
  const name = group.length > 0 ? `${first} ${rest[0] ?? ''}` : first;
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return { command, rest: group.length > 0 ? rest.slice(1) : rest };
  const names = (group.length > 0 ? group : COMMANDS).map((one) => one.name);
  const meant = didYouMean(name.trimEnd(), names) || (group.length === 0 && groupMeant(first)) || '';
  throw usageError(
    `${JSON.stringify(name.trimEnd())} is not a command.${meant} The commands are ${names.join(', ')}.`,
  );
}

/** `key` for `keys`, and `list` for the one command that ends so. */
function groupMeant(word: string): string {
  const groups = [...new Set(COMMANDS.map(({ name }) => name.split(' ')))].filter(({ length }) => length > 1);
  const whole = groups.find(([, second]) => second === word);
  if (whole) return ` Did you mean ${whole.join(' ')}?`;
  return didYouMean(
    word,
    groups.map(([group]) => group!),
  );
}

function tokens(args: readonly string[], command: Command): ReturnType<typeof ParseArgs> {
  const options: ParseArgsOptionsConfig = Object.fromEntries(flagsOf(command).map(optionOf));
  try {
    return util.parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const unknown = unknownOption(error, command);
    if (unknown !== undefined) throw wrong(command, unknown);
    // Node's advice to put it behind -- would make it a file or a command.
    const message = (error as Error).message
      .replaceAll(/\s+/g, ' ')
      .replace(/ To specify a positional .*$/, '');
    throw wrong(command, `${message.replace(/\.$/, '')}.`);
  }
}

/** What to say of an option that the command has not; undefined for other mistakes. Without what stands behind =, which may be a secret. */
function unknownOption(error: unknown, command: Command): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return undefined;
  const [, typed = ''] = /^Unknown option '(-[^']*)'/.exec((error as Error).message) ?? [];
  const name = typed.replace(/^-+|=.*$/gs, '');
  const known = flagsOf(command).map((flag) => flag.name);
  const meant = name.length > 1 ? didYouMean(name, known, '--') : '';
  const others = meant === '' && COMMANDS.filter(({ flags }) => flags.some((flag) => flag.name === name));
  const of = others && others.length > 0 ? ` It is one of ${others.map((one) => one.name).join(', ')}.` : '';
  return `Unknown option '${typed.replace(/=.*$/s, '')}'.${meant}${of}`;
}

function optionOf({ name, short, value, many }: Flag): [string, ParseArgsOptionsConfig[string]] {
  const type = value === undefined ? 'boolean' : 'string';
  return [name, { type, ...(short !== undefined && { short }), ...(many && { multiple: true }) }];
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { operand, second, anyNumber, several } = command;
  if (operand === undefined && operands.length > 0) throw wrong(command, 'It takes options only.');
  if (operand === undefined) return;
  if (operands.includes('') || (operands.length === 0 && !anyNumber))
    throw wrong(command, `It needs ${operand}.`);
  if (second !== undefined) {
    if (operands.length === 2) return;
    throw wrong(command, `It needs ${operand} and ${second}, and nothing else: it got ${operands.length}.`);
  }
  if (operands.length > 1 && !anyNumber)
    throw wrong(
      command,
      `It takes one ${operand}, not ${operands.length}. ${several ?? instead(command, operands)}`,
    );
}

/** What was meant by several: `cp`'s way to name the output, or what a shell makes of `*`. */
function instead({ name, flags }: Command, operands: readonly string[]): string {
  return operands.length === 2 && flags.some((flag) => flag.name === 'output')
    ? `The output is named by -o (-o ${shellWord(operands[1]!)}).`
    : `For several: for f in FILES; do weightseal ${name} "$f"; done.`;
}

function wrong({ name }: Command, problem: string): Error {
  return usageError(`${name}: ${problem} \`weightseal ${name} --help\` shows how.`);
}
