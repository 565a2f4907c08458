export type { Config, ConfiguredKey, ConfiguredProvider, RecipientRule, SealingKeys } from './config.js';
export {
  type ConfigInput,
  defineConfig,
  type KeyInput,
  type ProfileInput,
  type ProviderInput,
  type RecipientRuleInput,
  type StoreInput,
} from './define.js';
export { CONFIG_NAMES, type FindOptions, findConfig, findTrusted } from './find.js';
export { keyWrappers } from './key-wrappers.js';
export { type LoadOptions, loadConfig } from './load-config.js';
export { storeLocation, storeSettings } from './store-location.js';
export type { ConfiguredStore } from './stores.js';
export type { ConfigSummary, SummaryLayer } from './summary.js';
export {
  type ConfigStatus,
  configStatus,
  type TrustOptions,
  trustConfig,
  untrustConfig,
} from './trust-config.js';
export type { SignerInput, TrustInput, TrustRequire, TrustRuleInput } from './trust-input.js';
export { type TrustJudgeOptions, trustedSigners, trustJudge } from './trust-judge.js';
