import { WeightsealError } from '@weightseal/core';

/** Where something stands in a configuration: `['recipients', 2, 'keys']`. */
export type Path = readonly (string | number)[];

/** A configuration as it was read, before anybody looked at what it says. */
export interface Source {
  readonly value: unknown;
  /** `file:line:column` of a member's name (`name`), or of its value, where the file has lines to point at; else `file`. */
  where(path: Path, part: 'name' | 'value'): string;
}

/** Nobody reads more, and to find the place of each takes time. */
export const MOST_TOLD = 100;

export interface Problem {
  readonly path: Path;
  readonly part?: 'name' | 'value';
  /** What is wrong, to the end of the sentence; the place and the path come before it. */
  readonly text: string;
}

/** `recipients[2].keys` */
function pathText(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[\w-]+$/.test(step) ? `.${step}` : `.${JSON.stringify(step)}`;
    })
    .join('')
    .replace(/^\./, '');
}

/** One error for all that is wrong: the message is the first problem's, and `failures` has one for each. */
export function configInvalid(source: Source, problems: readonly Problem[]): WeightsealError {
  const told = problems.map(({ path, part = 'value', text }) => {
    const subject = path.length > 0 ? `${pathText(path)} ` : 'the configuration ';
    return `${source.where(path, part)}: ${subject}${text}`;
  });
  const [first = ''] = told;
  if (told.length < 2) return new WeightsealError('CONFIG_INVALID', first);
  return new WeightsealError(
    'CONFIG_INVALID',
    `${first} (The first of ${told.length}${told.length < MOST_TOLD ? '' : ' or more'} mistakes.)`,
    {
      failures: told.map((message) => new WeightsealError('CONFIG_INVALID', message)),
    },
  );
}
