import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { didYouMean } from '../did-you-mean.js';
import { EXIT_CODES } from '../exit-codes.js';
import { help as helpOf, wrap } from '../help.js';
import { type ErrorRow, errorRows, page, pages } from '../pages.js';
import { COMMANDS, inGroup } from '../spec.js';
import type { Args, Result } from '../types.js';

export async function help({ operands }: Args): Promise<Result> {
  const topic = operands.join(' ');
  const isCommand = COMMANDS.some(({ name }) => name === topic) || inGroup(topic).length > 0;
  if (topic === '' || isCommand) return shown(topic, helpOf(topic || undefined));
  const guides = pages();
  const name = topic.replace(/^docs\/(?:.*\/)?|\.md$/g, '');
  // `help s3`: where no guide has just that name, one of stores may.
  const guide = [name, `store-${name}`].find((one) => guides.includes(one));
  if (guide !== undefined) return shown(guide, page(guide));
  const rows = errorRows();
  const code = topic.toUpperCase().replaceAll(/[- ]/g, '_');
  const row = rows.find((one) => one.code === code);
  if (row) return await explained(row);
  const commands = COMMANDS.map(({ name }) => name);
  const meant = didYouMean(topic, commands) || didYouMean(topic, guides) || didYouMean(code, codesOf(rows));
  throw usageError(
    `help: ${JSON.stringify(topic)} is no command, error code or guide.${meant} The guides are ${guides.join(', ')}; \`weightseal help errors\` has the codes.`,
  );
}

function codesOf(rows: readonly ErrorRow[]): string[] {
  return rows.map(({ code }) => code);
}

function shown(topic: string, text: string): Result {
  return { value: { topic, text }, lines: text.trimEnd().split('\n'), essential: true };
}

async function explained({ code, when, advice }: ErrorRow): Promise<Result> {
  const { ERROR_CODES } = await core();
  const errorClass = ERROR_CODES[code as keyof typeof ERROR_CODES];
  const exitCode = EXIT_CODES[errorClass];
  return {
    value: { code, class: errorClass, exitCode, when, advice },
    lines: [
      `${code}: an error of class ${errorClass}, exit code ${exitCode}`,
      '',
      'When:',
      ...indented(when),
      'What to do:',
      ...indented(advice),
    ],
    essential: true,
  };
}

function indented(text: string): string[] {
  return wrap(`${text[0]!.toUpperCase()}${text.slice(1)}.`)
    .split('\n')
    .map((line) => `  ${line}`);
}
