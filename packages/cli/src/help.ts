import { EXIT_CODE_HELP } from './exit-codes.js';
import { COMMANDS, type Command, type Flag, flagsOf } from './spec.js';

const WIDTH = 96;

export function help(name?: string): string {
  const command = COMMANDS.find((one) => one.name === name);
  return command ? commandHelp(command) : overview();
}

function overview(): string {
  return `Seals machine-learning model weights, and opens them again.

Usage: weightseal <command> …

Commands:
${table(COMMANDS.map(({ name, summary }) => [name, summary]))}

\`weightseal <command> --help\` shows a command's options and examples. --version shows the version.

Keys:
  local:<path>         a key file that \`weightseal keygen\` made
  passphrase:          asked for on the terminal, or taken from WEIGHTSEAL_PASSPHRASE
  passphrase:<path>    a file that holds it; the path starts with /, ./ or ../

Start here:
  weightseal keygen models.key
  weightseal seal model.safetensors --key local:models.key --context model=llama
  weightseal open model.safetensors.sealed -o copy.safetensors --key local:models.key

${EXIT_CODE_HELP}
Environment:
  WEIGHTSEAL_PASSPHRASE  the passphrase of passphrase:
  WEIGHTSEAL_DEBUG=1     shows stacks and causes of errors
`;
}

function commandHelp(command: Command): string {
  return `${wrap(command.about)}

Usage: weightseal ${command.name} ${command.operand}${flagsOf(command).filter(required).map(usage).join('')} [options]

Options:
${table(flagsOf(command).map((flag) => [left(flag), flag.help]))}

Examples:
${command.examples.map((line) => `  ${line}`).join('\n')}
`;
}

function required(flag: Flag): boolean {
  return flag.required === true;
}

function usage({ name, value, many }: Flag): string {
  return ` --${name} <${value}>${many ? '…' : ''}`;
}

function left({ name, short, value }: Flag): string {
  return `${short ? `-${short}, ` : '    '}--${name}${value ? ` <${value}>` : ''}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([head]) => head.length)) + 2;
  return rows.map(([head, text]) => `  ${head.padEnd(width)}${text}`).join('\n');
}

function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join('\n');
}
