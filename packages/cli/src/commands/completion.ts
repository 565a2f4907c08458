import { usageError } from '../cli-error.js';
import { COMMANDS, type Command, flagsOf } from '../spec.js';
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

/** Files are offered wherever the script itself has nothing: paths, and what follows `local:`. */
function bash(): string[] {
  return [
    '_weightseal() {',
    '  local words',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words='${COMMANDS.map(({ name }) => name).join(' ')} --help --version'`,
    '  else',
    '    case "$' + '{COMP_WORDS[1]}" in',
    ...COMMANDS.map((one) => `      ${one.name}) words='${`${operands(one)} ${words(one)}`.trim()}' ;;`),
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$2"))',
    '  case "$3" in',
    "    -k | --key | --to | --remove) [ \"$2\" ] || COMPREPLY=('local:' 'passphrase:') ; compopt -o nospace ;;",
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
    ...COMMANDS.map(({ name, summary }) => `      '${name}:${escaped(summary)}'`),
    '    )',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words; (( CURRENT-- ))',
    '  case $command in',
    ...COMMANDS.map((one) => `    ${one.name}) _arguments -s ${zshFlags(one)} '1:${zshOperand(one)}' ;;`),
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
  return operands(command) ? `shell:(${operands(command)})` : 'file:_files';
}

function fish(): string[] {
  return COMMANDS.flatMap((one) => {
    const inside = `complete -c weightseal -n '__fish_seen_subcommand_from ${one.name}'`;
    return [
      `complete -c weightseal -n __fish_use_subcommand -f -a ${one.name} -d '${escaped(one.summary)}'`,
      ...(operands(one) ? [`${inside} -f -a '${operands(one)}'`] : []),
      ...flagsOf(one).map(({ name, short, value, help }) =>
        [inside, `-l ${name}`, short && `-s ${short}`, value && '-r', `-d '${escaped(help)}'`]
          .filter(Boolean)
          .join(' '),
      ),
    ];
  });
}

/** For between single quotes; no help text has one but as an apostrophe. */
function escaped(text: string): string {
  return text.replaceAll("'", '’');
}
