import { checkKinds } from '@weightseal/core';
import { registerCases } from '../suite.js';
import type { TestRunner } from '../types.js';
import { signingCases } from './signing.js';
import { failureCases, leakCases, stoppingCases } from './stopping.js';
import type { SignerCase, SignerContractOptions } from './types.js';

const cases: readonly SignerCase[] = [...signingCases, ...stoppingCases, ...failureCases, ...leakCases];

/**
 * Registers the contract of a Signer with a test runner, one test for each case, as `keyWrapperContract` does that of a KeyWrapper. Signatures are
 * verified by node:crypto alone, with the public key that the signer gives.
 */
export function signerContract(runner: TestRunner, options: SignerContractOptions): void {
  checkKinds(options, 'signerContract', { setup: 'function', without: 'object' });
  registerCases(runner, 'Signer', cases, options);
}
