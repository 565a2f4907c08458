import { EXIT_CODE_HELP } from './exit-codes.js';
import { COMMANDS, type Command, type Flag, flagsOf, inGroup } from './spec.js';

const WIDTH = 96;

export function help(name?: string): string {
  const command = COMMANDS.find((one) => one.name === name);
  if (command) return commandHelp(command);
  return name === undefined ? overview() : groupHelp(name);
}

function summaries(commands: readonly Command[]): string {
  return table(commands.map(({ name, summary }) => [name, summary]));
}

function groupHelp(name: string): string {
  return `Usage: weightseal ${name} <command> …

Commands:
${summaries(inGroup(name))}

\`weightseal <command> --help\` shows a command's options and examples.
`;
}

function overview(): string {
  return `Seals machine-learning model weights, and opens them again.

Usage: weightseal <command> …

Commands:
${summaries(COMMANDS)}

\`weightseal <command> --help\` shows a command's options and examples, \`weightseal help <CODE>\` what an error means.

Keys:
  local:<path>         a key file that \`weightseal keygen\` made
  passphrase:          asked for on the terminal, or taken from WEIGHTSEAL_PASSPHRASE
  passphrase:<path>    a file that holds it; the path starts with /, ./ or ../
  aws-kms://…, gcp-kms://…, azure-kv://…, pkcs11:…, vault://…
                       a key of a cloud, an HSM or Vault: \`weightseal help key-uris\`
  <name>               a key of weightseal.config.{yaml,json,ts,js}: \`weightseal help configuration\`

Places:
  <path>               a file, or a directory
  s3://…, gs://…, az://…, https://…
                       what is in a store, wherever a path is taken: \`weightseal help stores\`

Start here:
  weightseal keygen models.key
  weightseal seal model.safetensors --key local:models.key --context model=llama
  weightseal open model.safetensors.sealed -o copy.safetensors --key local:models.key

${EXIT_CODE_HELP}
Environment:
  WEIGHTSEAL_CONFIG      the configuration, instead of a search for it
  WEIGHTSEAL_PROFILE     the profile of the configuration
  WEIGHTSEAL_PASSPHRASE  the passphrase of passphrase:
  WEIGHTSEAL_IGNORE_SIGNALS
                         signals to ignore, INT,HUP and the like: \`weightseal help operations\`
  WEIGHTSEAL_DEBUG=1     shows stacks and causes of errors
`;
}

function commandHelp(command: Command): string {
  return `${wrap(command.about)}

Usage: weightseal ${command.name}${operand(command)}${flagsOf(command).filter(required).map(usage).join('')} [options]${command.rest === undefined ? '' : ` -- ${command.rest}`}

Options:
${table(flagsOf(command).map((flag) => [left(flag), flag.help]))}

Examples:
${command.examples.map((line) => `  ${line}`).join('\n')}
`;
}

function operand({ operand: name, second, anyNumber }: Command): string {
  if (name === undefined) return '';
  if (second !== undefined) return ` ${name} ${second}`;
  return anyNumber ? ` [${name}…]` : ` ${name}`;
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

export function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join('\n');
}
