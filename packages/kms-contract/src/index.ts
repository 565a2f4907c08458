export { keyWrapperContract } from './contract.js';
export { signerContract } from './signer/contract.js';
export type { SignerCapability, SignerContractOptions, SignerSubject } from './signer/types.js';
export type { Capability, ContractOptions, Subject, TestRunner } from './types.js';
