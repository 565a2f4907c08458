import type { Words } from '@weightseal/keys';

/** @hidden */
export const OF_STORES: Words = {
  one: 'store',
  many: 'stores',
  Many: 'Stores',
  define: 'defineStore',
  guide: 'own-store',
  suite: '@weightseal/store-contract',
};
