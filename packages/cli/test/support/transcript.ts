import type { Outcome } from './cli.js';

/**
 * One command of a transcript, and what it must say:
 *
 *     # a comment
 *     $ weightseal open x.sealed -o x --key local:k
 *     a line of stdout; [..] stands for any text in it, and ... alone for any lines
 *     ! a line of stderr
 *     ? the exit code, where it is not 0
 */
export interface Step {
  readonly line: number;
  readonly command: string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly code: number;
}

export function parseTranscript(source: string): Step[] {
  const steps: (Step & { stdout: string[]; stderr: string[]; code: number })[] = [];
  for (const [index, line] of source.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const step = steps.at(-1);
    if (line.startsWith('$ '))
      steps.push({ line: index + 1, command: line.slice(2), stdout: [], stderr: [], code: 0 });
    else if (!step) throw new Error(`Line ${index + 1}: there is no command yet`);
    else if (line.startsWith('? ')) step.code = Number(line.slice(2));
    else if (line.startsWith('! ')) step.stderr.push(line.slice(2));
    else step.stdout.push(line);
  }
  return steps;
}

/** What differs, or an empty string. */
export function difference(step: Step, outcome: Outcome): string {
  const problems = [
    ...(matches(step.stdout, outcome.stdout) ? [] : [`stdout:\n${outcome.stdout}`]),
    ...(matches(step.stderr, outcome.stderr) ? [] : [`stderr:\n${outcome.stderr}`]),
    ...(step.code === outcome.code ? [] : [`exit code ${outcome.code}, not ${step.code}`]),
  ];
  return problems.length === 0 ? '' : `line ${step.line}: ${step.command}\n${problems.join('\n')}`;
}

function matches(expected: readonly string[], actual: string): boolean {
  const pattern = expected.map((line) => (line === '...' ? '(?:.*\n)*' : `${lineOf(line)}\n`)).join('');
  return new RegExp(`^${pattern}$`).test(actual);
}

function lineOf(line: string): string {
  return line.split('[..]').map(literal).join('.*');
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
