import type { StoreProvider } from '@weightseal/core';
import type { OurProvider } from '@weightseal/keys';

export type StoreScheme = 's3' | 'gs' | 'az' | 'https' | 'http';

/** Which package the stores of a URI scheme come from. The one place that knows them by name. */
export const STORES: Readonly<Record<StoreScheme, OurProvider<StoreProvider>>> = {
  s3: {
    package: '@weightseal/store-s3',
    load: async () => (await import('@weightseal/store-s3')).provider,
  },
  gs: {
    package: '@weightseal/store-gcs',
    load: async () => (await import('@weightseal/store-gcs')).provider,
  },
  az: {
    package: '@weightseal/store-azure',
    load: async () => (await import('@weightseal/store-azure')).provider,
  },
  https: {
    package: '@weightseal/store-http',
    load: async () => (await import('@weightseal/store-http')).provider,
  },
  http: {
    package: '@weightseal/store-http',
    load: async () => (await import('@weightseal/store-http')).plainProvider,
  },
};

/** The schemes of all stores' URIs. */
export const STORE_SCHEMES: readonly StoreScheme[] = Object.keys(STORES) as StoreScheme[];
