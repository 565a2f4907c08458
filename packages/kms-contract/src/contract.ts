import { checkKinds } from '@weightseal/core';
import { bindingCases } from './cases/binding.js';
import { failureCases } from './cases/failures.js';
import { judgingCases } from './cases/judging.js';
import { leakCases } from './cases/leaks.js';
import { roundTripCases } from './cases/round-trip.js';
import { stoppingCases } from './cases/stopping.js';
import { registerCases } from './suite.js';
import type { ContractOptions, TestRunner, WrapperCase } from './types.js';

const cases: readonly WrapperCase[] = [
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
  registerCases(runner, 'KeyWrapper', cases, options);
}
