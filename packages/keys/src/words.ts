/**
 * What URIs name, for the sentences about those who make it.
 *
 * @hidden
 */
export interface Words {
  readonly one: 'key' | 'store';
  readonly many: 'keys' | 'stores';
  /** With a capital. */
  readonly Many: 'Keys' | 'Stores';
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
