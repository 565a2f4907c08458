import {
  checkOptions,
  checkPath,
  encodeContext,
  isLocation,
  type Kind,
  WeightsealError,
} from '@weightseal/core';
import type { PullFrom, PullOptions } from './types.js';

const KINDS: Readonly<Record<keyof PullOptions, Kind>> = {
  signers: 'list',
  trust: 'object',
  unsigned: 'boolean',
  context: 'any',
  digest: 'string',
  overwrite: 'boolean',
  previous: 'any',
  stores: 'object',
  signal: 'signal',
  onProgress: 'function',
  onGivenUp: 'function',
};

/** @throws INVALID_ARGUMENT */
export function checkPull(options: PullOptions): PullOptions {
  const {
    signers,
    trust,
    unsigned = false,
    context,
    digest,
    previous,
  } = checkOptions(options, KINDS, 'pull');
  const said = [signers !== undefined, trust !== undefined, unsigned].filter(Boolean).length;
  if (said === 0)
    throw invalid(
      'pull: Whose release is it to be? Name `signers`, or a policy as `trust`; or take what anybody has put there, by `unsigned`.',
    );
  if (said > 1) throw invalid('pull: `signers`, `trust` and `unsigned` are one of them alone.');
  if (signers?.length === 0) throw invalid('pull: `signers` is empty, so that nobody could have signed it.');
  if (context !== undefined) encodeContext(context);
  if (digest !== undefined && !/^[0-9a-f]{64}$/i.test(digest))
    throw invalid('pull: `digest` is the SHA-256 of a manifest: 64 digits and letters from a to f.');
  if (previous !== undefined && previous !== false) checkPath(previous, 'The older version');
  return options;
}

/** @throws INVALID_ARGUMENT */
export function placesOf(from: PullFrom | readonly PullFrom[]): readonly PullFrom[] {
  const all = Array.isArray(from) ? (from as readonly PullFrom[]) : [from as PullFrom];
  if (all.length > 0 && all.every((one) => typeof one === 'string' || isLocation(one))) return all;
  throw invalid('pull: From where? It is the URI of a store, `{ store, key }`, or a list of these: mirrors.');
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('INVALID_ARGUMENT', message);
}
