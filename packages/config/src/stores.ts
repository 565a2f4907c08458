import type { StoreTuning } from '@weightseal/core';
import { storeSchemeOf } from '@weightseal/stores';

/** What a configuration says of stores: all of a scheme, or those below a URI. */
export interface ConfiguredStore {
  readonly options: Readonly<Record<string, unknown>>;
  readonly tuning: StoreTuning | undefined;
}

/**
 * What is said of a store, by its scheme and by each beginning of its URI that ends where a name ends; what is said of a longer one goes before. `s3://models` says something of
 * `s3://models/llama`, and nothing of `s3://models-2`.
 */
export function settingsFor(uri: string, stores: ReadonlyMap<string, ConfiguredStore>): ConfiguredStore {
  const scheme = storeSchemeOf(uri);
  const said = [...stores]
    .filter(([of]) => of === scheme || isBelow(uri, of))
    .sort(([a], [b]) => a.length - b.length)
    .map(([, one]) => one);
  const tunings = said.flatMap(({ tuning }) => (tuning === undefined ? [] : [tuning]));
  return {
    options: Object.assign({}, ...said.map(({ options }) => options)),
    tuning: tunings.length === 0 ? undefined : Object.assign({}, ...tunings),
  };
}

function isBelow(uri: string, start: string): boolean {
  const above = start.replace(/\/$/, '');
  return uri === above || uri.startsWith(`${above}/`);
}
