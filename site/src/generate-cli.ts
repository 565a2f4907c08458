// The reference of the command line, from what the program itself says: `weightseal --help`, and the help of each command it lists.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED, PROGRAM, ROOT } from './repository.ts';

/** A part of a help text: what stands before the colon, and the lines below it. */
interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

export function generateCli(): void {
  const overview = help([]);
  const commands = section(overview, 'Commands').lines.map((line) => row(line)[0]);
  if (commands.length === 0) throw new Error('the help lists no command');
  const page = [
    '# Command line',
    'What `weightseal --help` and the help of each command say, in the version that these pages are of. Exit codes for scripts, `--json` and the environment are told in more words in [the package](../../packages/cli/README.md).',
    table(
      ['command', ''],
      section(overview, 'Commands').lines.map((line) => {
        const [name, summary] = row(line);
        return [`[${name}](#${name.replace(' ', '-')})`, escaped(summary)];
      }),
    ),
    ...commands.map(command),
    ...others(overview, ['Commands', 'Start here']).map((one) => plain('##', one)),
  ];
  mkdirSync(join(ROOT, GENERATED), { recursive: true });
  writeFileSync(join(ROOT, GENERATED, 'cli.md'), `${page.join('\n\n')}\n`);
}

function help(command: readonly string[]): Section[] {
  const text = execFileSync(process.execPath, [PROGRAM, ...command, '--help'], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' },
  });
  return text
    .trimEnd()
    .split('\n\n')
    .map((block) => {
      const [first, ...rest] = block.split('\n');
      const [, title, inline] = /^([A-Z][a-z]*(?: [a-z]+)*):(?: (.*))?$/.exec(first!) ?? [];
      if (title === undefined) return { title: '', lines: [first!, ...rest] };
      return { title, lines: inline === undefined ? rest : [inline, ...rest] };
    });
}

function section(sections: readonly Section[], title: string): Section {
  const found = sections.find((one) => one.title === title);
  if (found === undefined) throw new Error(`the help has no part "${title}"`);
  return found;
}

function command(name: string): string {
  const sections = help(name.split(' '));
  const [usage] = section(sections, 'Usage').lines;
  if (!usage?.startsWith(`weightseal ${name}`)) throw new Error(`the help of ${name} is of something else`);
  const about = sections.filter(({ title }) => title === '').map(({ lines }) => escaped(lines.join(' ')));
  return [
    `## ${name}`,
    ...about,
    code('sh', [usage]),
    table(
      ['option', ''],
      options(section(sections, 'Options').lines).map(([flag, text]) => [`\`${flag}\``, escaped(text)]),
    ),
    code('sh', unindented(section(sections, 'Examples').lines)),
    ...others(sections, ['Options', 'Examples']).map((one) => plain('###', one)),
  ].join('\n\n');
}

/** What a help says beside what stands elsewhere on the page. */
function others(sections: readonly Section[], elsewhere: readonly string[]): Section[] {
  return sections.filter(({ title }) => title !== '' && title !== 'Usage' && !elsewhere.includes(title));
}

function plain(heading: string, { title, lines }: Section): string {
  return `${heading} ${title}\n\n${code('text', unindented(lines))}`;
}

/** Whatever begins with no dash goes on with what the option before says. */
function options(lines: readonly string[]): [string, string][] {
  const joined: string[] = [];
  for (const line of lines) {
    if (/^ *-/.test(line)) joined.push(line);
    else joined.push(`${joined.pop() ?? ''} ${line.trim()}`);
  }
  return joined.map(row);
}

/** `  name   what it is`: two blanks and more stand between the two. */
function row(line: string): [string, string] {
  const [, head, text] = /^ +(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
  if (head === undefined) throw new Error(`a line of a help that is no row of a table: ${line}`);
  return [head, text ?? ''];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(language: string, lines: readonly string[]): string {
  return `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``;
}

function unindented(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^ {2}/, ''));
}

/** Text of the program, which is no Markdown but for its code. */
function escaped(text: string): string {
  return text.replaceAll(/`[^`]*`|[<>*_[\]{}]/g, (one) => (one.length > 1 ? one : `\\${one}`));
}
