// The end of the tests' output: what was skipped, and why, in ten lines.
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

const LINES = 10;
const WIDTH = 130;

export interface Skipped {
  /** What stands in `context.skip(why)`. */
  readonly note?: string | undefined;
  /** From the test outwards: its title, and those of the groups that are skipped with it. */
  readonly titles: readonly string[];
  /** The title of the group that it is in. */
  readonly group?: string | undefined;
  readonly file: string;
}

/** Reasons that are one and the same to who reads them; what the parentheses catch is named behind. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/(WEIGHTSEAL_LIVE_\w+)/, 'nothing in a real cloud is named'],
  [/(?:WEIGHTSEAL_EMULATOR_|VAULT_TOKEN)/, 'they need what `npx pnpm@12 test:emulators` installs and starts'],
];

/** "… (skipped: why)", "… (skipped, no NAME: why)", "…, skipped unless that is so". */
const TOLD = /\bskipped(?:, no \w+)?(:| unless) (.+?)\)?$/;
/** "… (as root)", "… (on Linux)", "… (with a C compiler)". */
const CONDITION = /\(((?:as|on|with) [^()]+)\)$/;
/** A suite that is there for every provider leaves out what a provider does not have, and says why in each title. */
const OF_SUITES = /withstands faults$|keeps the KeyWrapper contract$/;

/** Why it was skipped; where nothing says so, what it is. */
export function reasonOf({ note, titles, group, file }: Skipped): { why: string; name?: string } {
  if (group && OF_SUITES.test(group) && TOLD.test(titles[0]!))
    return { why: 'their provider has no such thing, as each title says' };
  const why = note ?? firstOf(titles);
  if (why === undefined) return { why: 'as their files say', name: file };
  for (const [family, text] of FAMILIES) {
    const found = family.exec(why);
    if (found) return { why: text, ...(found[1] === undefined ? {} : { name: found[1] }) };
  }
  return { why };
}

function firstOf(titles: readonly string[]): string | undefined {
  for (const title of titles) {
    const [, kind, told] = TOLD.exec(title) ?? [];
    if (told !== undefined) return kind === ':' ? told : `they run only where ${told}`;
    const [, condition] = CONDITION.exec(title) ?? [];
    if (condition !== undefined) return `they run only ${condition}`;
  }
  return undefined;
}

/** Ten lines at most, those that are about the most tests first. */
export function told(skipped: readonly Skipped[]): string[] {
  if (skipped.length === 0) return [];
  const groups = new Map<string, { count: number; names: Set<string> }>();
  for (const one of skipped) {
    const { why, name } = reasonOf(one);
    const group = groups.get(why) ?? { count: 0, names: new Set() };
    groups.set(why, group);
    group.count++;
    if (name !== undefined) group.names.add(name);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.count - a.count);
  const fit = sorted.length < LINES ? sorted : sorted.slice(0, LINES - 2);
  const rest = sorted.slice(fit.length).reduce((sum, [, { count }]) => sum + count, 0);
  const lines = fit.map(([why, { count, names }]) =>
    line(count, [why, [...names].join(', ')].filter(Boolean).join(': ')),
  );
  if (rest > 0) lines.push(line(rest, 'for other reasons: --reporter=verbose names them'));
  return ['Skipped, and why:', ...lines];
}

function line(count: number, text: string): string {
  const whole = `${String(count).padStart(6)}  ${text}`;
  return whole.length > WIDTH ? `${whole.slice(0, WIDTH - 1)}…` : whole;
}

/** What of a file was skipped: its tests, or where it tells of none, its groups. */
export function* skippedIn(module: TestModule): Generator<Skipped> {
  const file = module.relativeModuleId;
  let none = true;
  for (const test of module.children.allTests('skipped')) {
    const result = test.result();
    const note = result.state === 'skipped' ? result.note : undefined;
    const group = test.parent.type === 'suite' ? test.parent.name : undefined;
    yield { note, titles: titlesOf(test), group, file };
    none = false;
  }
  for (const suite of module.children.allSuites())
    if (none && suite.children.size === 0 && suite.options.mode === 'skip')
      yield { titles: titlesOf(suite), file };
}

function titlesOf(one: TestCase | TestSuite): string[] {
  const titles = [one.name];
  for (let { parent } = one; parent.type === 'suite'; { parent } = parent)
    if (parent.options.mode === 'skip') titles.push(parent.name);
  return titles;
}

export class SkippedReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Who asks for tests by name knows what is left out.
    if (!this.#vitest || this.#vitest.config.testNamePattern) return;
    const lines = told(modules.flatMap((module) => [...skippedIn(module)]));
    if (lines.length > 0) this.#vitest.logger.log(`${lines.map((text) => ` ${text}`).join('\n')}\n`);
  }
}
