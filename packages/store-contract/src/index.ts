export { objectStoreContract } from './contract.js';
export type { Capability, ContractOptions, Subject, TestRunner } from './types.js';
