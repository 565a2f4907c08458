import assert from 'node:assert/strict';
import type { TestRunner } from './types.js';

const DEFAULT_PATIENCE_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 60_000;

/** A subject whose optional parts are known to be there, as far as the case has named them in `needs`. */
export type Supplied<Subject> = { readonly [K in keyof Subject]-?: NonNullable<Subject[K]> };

/** One case of a contract, for what needs the capabilities. */
export interface Case<Subject, Capability extends string> {
  readonly title: string;
  readonly needs?: readonly Capability[];
  readonly run: (subject: Supplied<Subject>, patienceMs: number) => Promise<void>;
}

/** What the options of a contract have in common. */
export interface SuiteOptions<Subject, Capability extends string> {
  readonly name: string;
  readonly setup: () => Promise<Subject>;
  readonly teardown?: ((subject: Subject) => Promise<unknown>) | undefined;
  readonly without?: { readonly [C in Capability]?: string | undefined } | undefined;
  readonly patienceMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Registers the cases, each with a subject of its own; those that need what there is not are skipped, with the reason. */
export function registerCases<Subject extends object, Capability extends string>(
  runner: TestRunner,
  contract: string,
  cases: readonly Case<Subject, Capability>[],
  options: SuiteOptions<Subject, Capability>,
): void {
  const { name, without = {}, patienceMs = DEFAULT_PATIENCE_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const reasons: { readonly [C in Capability]?: string | undefined } = without;
  runner.describe(`${name} keeps the ${contract} contract`, () => {
    for (const one of cases) {
      const lacking = one.needs?.find((capability) => reasons[capability] !== undefined);
      if (lacking !== undefined) {
        skip(runner, `${one.title} (skipped, no ${lacking}: ${reasons[lacking]})`);
        continue;
      }
      runner.it(one.title, () => runCase(one, options, patienceMs), timeoutMs);
    }
  });
}

function skip({ it }: TestRunner, title: string): void {
  const nothing = async () => {};
  if (it.skip) it.skip(title, nothing);
  else it(title, nothing);
}

async function runCase<Subject extends object, Capability extends string>(
  one: Case<Subject, Capability>,
  options: SuiteOptions<Subject, Capability>,
  patienceMs: number,
): Promise<void> {
  const subject = await options.setup();
  try {
    for (const capability of one.needs ?? []) assertSupplied(subject, capability);
    // assertSupplied has made sure of what this case uses.
    await one.run(subject as Supplied<Subject>, patienceMs);
  } finally {
    await options.teardown?.(subject);
  }
}

function assertSupplied(subject: object, capability: string): void {
  // A wrapper that binds a context shows it by itself.
  if (capability === 'context') return;
  assert.ok(
    (subject as Readonly<Record<string, unknown>>)[capability] !== undefined,
    `setup() supplies no ${capability}; supply it, or give the reason in without.${capability}`,
  );
}
