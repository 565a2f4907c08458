import assert from 'node:assert/strict';
import { checkKinds } from '@weightseal/core';
import { bindingCases } from './cases/binding.js';
import { failureCases } from './cases/failures.js';
import { judgingCases } from './cases/judging.js';
import { leakCases } from './cases/leaks.js';
import { roundTripCases } from './cases/round-trip.js';
import { stoppingCases } from './cases/stopping.js';
import type { Capability, Case, ContractOptions, Subject, Supplied, TestRunner } from './types.js';

const DEFAULT_PATIENCE_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 60_000;

const cases: readonly Case[] = [
  ...roundTripCases,
  ...bindingCases,
  ...judgingCases,
  ...stoppingCases,
  ...failureCases,
  ...leakCases,
];

/**
 * Registers the contract of a KeyWrapper with a test runner, one test for each case. A case that the provider is
 * declared to be `without` is registered as skipped, with the reason in its title. What is declared neither way
 * fails: a capability goes untested only where somebody wrote down why.
 */
export function keyWrapperContract(runner: TestRunner, options: ContractOptions): void {
  checkKinds(options, 'keyWrapperContract', { setup: 'function', without: 'object' });
  const { name, without = {}, patienceMs = DEFAULT_PATIENCE_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  runner.describe(`${name} keeps the KeyWrapper contract`, () => {
    for (const one of cases) {
      const lacking = (one.needs ?? []).find((capability) => without[capability] !== undefined);
      if (lacking !== undefined) {
        skip(runner, `${one.title} (skipped, no ${lacking}: ${without[lacking]})`);
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

async function runCase(one: Case, options: ContractOptions, patienceMs: number): Promise<void> {
  const subject = await options.setup();
  try {
    for (const capability of one.needs ?? []) assertSupplied(subject, capability);
    // assertSupplied has made sure of what this case uses.
    await one.run(subject as Supplied, patienceMs);
  } finally {
    await options.teardown?.(subject);
  }
}

function assertSupplied(subject: Subject, capability: Capability): void {
  if (capability === 'context') return;
  assert.ok(
    subject[capability] !== undefined,
    `setup() supplies no ${capability}; supply it, or give the reason in without.${capability}`,
  );
}
