import { usageError } from '../cli-error.js';
import { COMMANDS, type Command, flagsOf, inGroup } from '../spec.js';
import type { Args, Result } from '../types.js';

const SHELLS: Readonly<Record<string, () => string[]>> = { bash, zsh, fish };

export async function completion({ operand }: Args): Promise<Result> {
  const script = Object.hasOwn(SHELLS, operand) ? SHELLS[operand] : undefined;
  if (!script) throw usageError(`completion: knows bash, zsh and fish, not ${JSON.stringify(operand)}.`);
  const lines = script();
  return { value: { shell: operand, script: lines.join('\n') }, lines, essential: true };
}

function operands({ name }: Command): string {
  return name === 'completion' ? Object.keys(SHELLS).join(' ') : '';
}

function words(command: Command): string {
  return flagsOf(command)
    .flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])])
    .join(' ');
}

/** The first words of all commands, and the second words of those that have two. */
const FIRST = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]!))];
const GROUPS = FIRST.filter((first) => inGroup(first).length > 0);
const KEYS = ['local:', 'passphrase:', 'aws-kms://', 'gcp-kms://', 'azure-kv://', 'pkcs11:', 'vault://'];

function secondWords(group: string): string {
  return inGroup(group)
    .map(({ name }) => name.slice(group.length + 1))
    .join(' ');
}

/** Files are offered wherever the script itself has nothing: paths, and what follows `local:`. */
function bash(): string[] {
  return [
    '_weightseal() {',
    '  local words command="$' + '{COMP_WORDS[1]}"',
    `  case "$command" in ${GROUPS.join(' | ')}) [ "$COMP_CWORD" -gt 2 ] && command="$command $` +
      '{COMP_WORDS[2]}" ;; esac',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words='${FIRST.join(' ')} --help --version'`,
    '  else',
    '    case "$command" in',
    ...GROUPS.map((group) => `      ${group}) words='${secondWords(group)} --help' ;;`),
    ...COMMANDS.map((one) => `      '${one.name}') words='${`${operands(one)} ${words(one)}`.trim()}' ;;`),
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$2"))',
    '  case "$3" in',
    `    -k | --key | --to | --remove) [ "$2" ] || COMPREPLY=(${KEYS.map((key) => `'${key}'`).join(' ')}) ; compopt -o nospace ;;`,
    '    -o | --output) COMPREPLY=() ;;',
    '  esac',
    '}',
    'complete -o default -F _weightseal weightseal',
  ];
}

function zsh(): string[] {
  return [
    '#compdef weightseal',
    '_weightseal() {',
    '  if (( CURRENT == 2 )); then',
    '    local -a commands=(',
    ...FIRST.map((first) => `      '${first}:${escaped(summaryOf(first))}'`),
    '    )',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words; (( CURRENT-- ))',
    ...GROUPS.flatMap((group) => [
      `  if [[ $command == ${group} ]]; then`,
      `    if (( CURRENT == 2 )); then compadd ${secondWords(group)}; return; fi`,
      '    command="$command $words[2]"',
      '    shift words; (( CURRENT-- ))',
      '  fi',
    ]),
    '  case $command in',
    ...COMMANDS.map((one) => `    '${one.name}') _arguments -s ${zshFlags(one)} ${zshOperand(one)} ;;`),
    '  esac',
    '}',
    'compdef _weightseal weightseal',
  ];
}

function zshFlags(command: Command): string {
  return flagsOf(command)
    .flatMap(({ name, short, value, many, help }) => {
      const rest = `[${escaped(help).replace(/[[\]:]/g, '\\$&')}]${value ? `:${value}:_files` : ''}`;
      return [`--${name}`, ...(short ? [`-${short}`] : [])].map(
        (flag) => `'${many ? '*' : ''}${flag}${rest}'`,
      );
    })
    .join(' ');
}

function zshOperand(command: Command): string {
  if (command.operand === undefined) return '';
  if (operands(command)) return `'1:shell:(${operands(command)})'`;
  return command.anyNumber ? `'*:key:_files'` : `'1:file:_files'`;
}

function fish(): string[] {
  const first = FIRST.map(
    (word) =>
      `complete -c weightseal -n __fish_use_subcommand -f -a ${word} -d '${escaped(summaryOf(word))}'`,
  );
  const second = GROUPS.map((group) => {
    const none = `not __fish_seen_subcommand_from ${secondWords(group)}`;
    return `complete -c weightseal -n '__fish_seen_subcommand_from ${group}; and ${none}' -f -a '${secondWords(group)}'`;
  });
  return [...first, ...second, ...COMMANDS.flatMap(fishCommand)];
}

function fishCommand(one: Command): string[] {
  const seen = one.name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const inside = `complete -c weightseal -n '${seen.join('; and ')}'`;
  return [
    ...(operands(one) ? [`${inside} -f -a '${operands(one)}'`] : []),
    ...flagsOf(one).map(({ name, short, value, help }) =>
      [inside, `-l ${name}`, short && `-s ${short}`, value && '-r', `-d '${escaped(help)}'`]
        .filter(Boolean)
        .join(' '),
    ),
  ];
}

function summaryOf(first: string): string {
  return (
    COMMANDS.find(({ name }) => name === first)?.summary ?? `${secondWords(first).replaceAll(' ', ', ')}`
  );
}

/** For between single quotes; no help text has one but as an apostrophe. */
function escaped(text: string): string {
  return text.replaceAll("'", '’');
}
