import type {
  AttestedKeyReleaser,
  KeyDescriber,
  KeyRotator,
  KeyWrapper,
  RotationScheduler,
} from '@weightseal/core';

type Able = KeyWrapper & KeyDescriber & KeyRotator & RotationScheduler & AttestedKeyReleaser;

/** What only some keys can. */
const ABILITIES: Readonly<
  Record<Exclude<keyof Able, 'provider' | 'uri' | 'name' | 'wrap' | 'unwrap'>, true>
> = {
  fits: true,
  effort: true,
  describe: true,
  rotate: true,
  rotationStatus: true,
  scheduleRotation: true,
  unwrapAttested: true,
};

/**
 * The key, by the name that it has in a configuration. The key itself is its provider's: it may be frozen, or stand for two names. What it can do
 * may lie on its prototype, and reach what only the key itself has.
 */
export function namedKey(key: KeyWrapper, name: string): KeyWrapper {
  const able: Partial<Record<keyof typeof ABILITIES, unknown>> & KeyWrapper = key;
  const names = Object.keys(ABILITIES) as (keyof typeof ABILITIES)[];
  const abilities = names.flatMap((ability) => {
    const method = able[ability];
    return typeof method === 'function' ? [[ability, method.bind(key)]] : [];
  });
  return {
    provider: key.provider,
    uri: key.uri,
    name,
    wrap: key.wrap.bind(key),
    unwrap: key.unwrap.bind(key),
    ...Object.fromEntries(abilities),
  };
}
