/**
 * What URIs name, for the sentences about those who make it.
 *
 * @hidden
 */
export interface Words {
  readonly one: 'key' | 'signer' | 'store';
  readonly many: 'keys' | 'signers' | 'stores';
  /** With a capital. */
  readonly Many: 'Keys' | 'Signers' | 'Stores';
  /** Of core: what makes a provider. */
  readonly define: string;
  /** The guide to writing one. */
  readonly guide: string;
  /** What tests all that it must do. */
  readonly suite: string;
}

export const OF_KEYS: Words = {
  one: 'key',
  many: 'keys',
  Many: 'Keys',
  define: 'defineProvider',
  guide: 'own-provider',
  suite: '@weightseal/kms-contract',
};

export const OF_SIGNERS: Words = {
  ...OF_KEYS,
  one: 'signer',
  many: 'signers',
  Many: 'Signers',
};
