import type { Recipient, RewrapOptions } from '@weightseal/core';
import { resolveKeys } from './key-uri.js';
import { quote } from './text.js';
import type { Args } from './types.js';
import { contextOf } from './values.js';

type Change = Pick<RewrapOptions, 'keys' | 'context'> & Partial<Pick<RewrapOptions, 'add' | 'remove'>>;

/** What `rewrap` and `reseal` are asked to do. What is not said is left out: the library has a meaning for that. */
export async function changeOf(args: Args): Promise<Change> {
  const to = args.many('to');
  const remove = args.many('remove');
  return {
    context: contextOf(args),
    keys: await resolveKeys(args.many('key')),
    ...(to.length > 0 && { add: await resolveKeys(to, { fresh: true }) }),
    ...(remove.length > 0 && { remove }),
  };
}

export function recipientLines({ recipients }: { readonly recipients: readonly Recipient[] }): string[] {
  return recipients.map(({ keyUri, keyVersion }) => `  ${quote(keyUri)} ${quote(keyVersion)}`);
}
