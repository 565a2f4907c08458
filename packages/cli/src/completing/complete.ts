import { COMMANDS, type Command, type Flag, flagsOf, inGroup } from '../spec.js';
import { operandValues, valuesOf } from './values.js';

/**
 * One thing that a shell is to offer. `word` is one, with what it is; `prefix` stands before the words that follow, in the word that is being typed;
 * with the others the shell itself knows what there is: files, directories, files after a prefix such as `local:`, or a command and its
 * arguments after so many words.
 */
export type Offer =
  | { readonly kind: 'word'; readonly word: string; readonly about?: string }
  | { readonly kind: 'prefix' | 'paths'; readonly prefix: string }
  | { readonly kind: 'files' | 'directories' }
  | { readonly kind: 'command'; readonly after: number };

/** What may stand where the last word is being typed, after the others (without `weightseal`). Never throws. */
export async function complete(words: readonly string[]): Promise<Offer[]> {
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? '';
  const offers = await offersFor(before, typed);
  const prefix = offers.map((one) => (one.kind === 'prefix' ? one.prefix : '')).join('');
  return offers.filter((one) => one.kind !== 'word' || `${prefix}${one.word}`.startsWith(typed));
}

async function offersFor(before: readonly string[], typed: string): Promise<Offer[]> {
  const [first, second] = before;
  if (first === undefined) return firstWords();
  const group = inGroup(first);
  if (group.length > 0 && second === undefined)
    return group.map(({ name, summary }) => word(name.slice(first.length + 1), summary));
  const name = group.length > 0 ? `${first} ${second}` : first;
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) return [];
  return await within(command, before.slice(name.split(' ').length), typed, name.split(' ').length);
}

function firstWords(): Offer[] {
  const seen = new Map<string, string>();
  for (const { name, summary } of COMMANDS) {
    const [first = ''] = name.split(' ');
    const names = inGroup(first).map((one) => one.name.slice(first.length + 1));
    seen.set(first, names.length > 0 ? names.join(', ') : summary);
  }
  const options = [word('--help', 'show help'), word('--version', 'show the version')];
  return [...Array.from(seen, ([name, about]) => word(name, about)), ...options];
}

/** What of a command's own words has been typed. */
interface Typed {
  readonly operands: readonly string[];
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** An option that still needs its value. */
  readonly open: Flag | undefined;
}

async function within(
  command: Command,
  words: readonly string[],
  typed: string,
  before: number,
): Promise<Offer[]> {
  const dashes = words.indexOf('--');
  if (dashes >= 0 && command.rest !== undefined) return [{ kind: 'command', after: before + dashes + 1 }];
  const { operands, flags, open } = read(command, words.slice(0, dashes < 0 ? undefined : dashes));
  if (open) return await valuesOf(open, typed, flags);
  const count = operands.length + (dashes < 0 ? 0 : words.length - dashes - 1);
  const takes = command.second === undefined ? 1 : 2;
  const wanted = command.operand !== undefined && (count < takes || command.anyNumber === true);
  if (dashes >= 0) return wanted ? await operandValues(command, typed, flags, operands) : [];
  const [, long, begun] = /^(--[\w-]+=)(.*)$/s.exec(typed) ?? [];
  const flag = long && flagsOf(command).find((one) => `--${one.name}=` === long);
  if (flag) return flag.value ? [prefixed(long), ...(await valuesOf(flag, begun!, flags))] : [];
  if (typed.startsWith('-') || !wanted) {
    const left = flagsOf(command).filter(({ name, many }) => many === true || !flags.has(name));
    const rest = command.rest === undefined || wanted ? [] : [word('--', 'the command stands behind it')];
    return [...rest, ...left.flatMap(offersOf)];
  }
  return await operandValues(command, typed, flags, operands);
}

function read(command: Command, words: readonly string[]): Typed {
  const operands: string[] = [];
  const flags = new Map<string, string[]>();
  let open: Flag | undefined;
  for (const one of words) {
    if (open) {
      flags.get(open.name)!.push(one);
      open = undefined;
      continue;
    }
    const [, name, value] = /^(--?[^=]+)(?:=(.*))?$/s.exec(one) ?? [];
    const flag = name?.startsWith('-')
      ? flagsOf(command).find((each) => name === `--${each.name}` || name === `-${each.short}`)
      : undefined;
    if (!flag) {
      if (!one.startsWith('-') || one === '-') operands.push(one);
      continue;
    }
    flags.set(flag.name, [...(flags.get(flag.name) ?? []), ...(value === undefined ? [] : [value])]);
    if (flag.value !== undefined && value === undefined) open = flag;
  }
  return { operands, flags, open };
}

function offersOf({ name, short, help }: Flag): Offer[] {
  return [word(`--${name}`, help), ...(short === undefined ? [] : [word(`-${short}`, help)])];
}

function word(text: string, about?: string): Offer {
  return { kind: 'word', word: text, ...(about !== undefined && { about }) };
}

function prefixed(prefix: string): Offer {
  return { kind: 'prefix', prefix };
}
