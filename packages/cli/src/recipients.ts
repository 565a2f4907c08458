import type { Config } from '@weightseal/config';
import type { KeyWrapper, Recipient, RewrapOptions } from '@weightseal/core';
import { usageError } from './cli-error.js';
import { shownKeys, tellUse, type Used } from './configuration.js';
import { accessOf, keysToOpen, resolveKeys } from './keys.js';
import { quote } from './text.js';
import type { Args } from './types.js';
import { contextOf } from './values.js';

interface Change {
  readonly options: Pick<RewrapOptions, 'keys' | 'context' | 'trust' | 'hedgeMs'> &
    Partial<Pick<RewrapOptions, 'add' | 'remove'>>;
  /** For --json. */
  readonly used: Used;
}

/** How a passphrase is changed. */
export const CHANGING =
  '`weightseal rewrap FILE --key passphrase: --to passphrase:` asks for the old one and for the new one; by files it is --key passphrase:./old --to passphrase:./new --remove, and the name that `inspect` shows';

/** One variable for the old passphrase and the new one: nothing would change, and it would look as if it had. */
function checkPassphrases(command: string, keys: readonly KeyWrapper[], add: readonly KeyWrapper[]): void {
  const asked = (of: readonly KeyWrapper[]) => of.some(({ uri }) => uri === 'passphrase:');
  if (!process.env['WEIGHTSEAL_PASSPHRASE'] || !asked(keys) || !asked(add)) return;
  throw usageError(
    `${command}: WEIGHTSEAL_PASSPHRASE would be the old passphrase and the new one, and nothing would change. Unset it: ${CHANGING}.`,
  );
}

/** What `rewrap` and `reseal` are asked to do. What is not said is left out: the library has a meaning for that. */
export async function changeOf(args: Args, command: string): Promise<Change> {
  const to = args.many('to');
  const remove = args.many('remove');
  const { keys, hedgeMs, trust, config, used } = await keysToOpen(args, command, [...to, ...remove]);
  const add = await resolveKeys(config, to, { ...(await accessOf(args)), fresh: true });
  checkPassphrases(command, keys, add);
  if (config && to.length > 0) tellUse(args, config, `adding ${shownKeys(config, to)}`);
  const options = {
    context: contextOf(args),
    keys,
    hedgeMs,
    trust,
    ...(to.length > 0 && { add }),
    ...(remove.length > 0 && { remove: await urisOf(config, remove) }),
  };
  return { options, used };
}

/** As the files have them: a provider may write a URI in another way than the configuration does. What is given as a URI stays as it is. */
async function urisOf(config: Config | undefined, keys: readonly string[]): Promise<string[]> {
  if (!config) return [...keys];
  const one = async (key: string) => {
    const isName = config.key(key).name !== undefined;
    return isName ? (await resolveKeys(config, [key]))[0]!.uri : key;
  };
  return Promise.all(keys.map(one));
}

export function recipientLines({ recipients }: { readonly recipients: readonly Recipient[] }): string[] {
  return recipients.map(({ keyUri, keyVersion }) => `  ${quote(keyUri)} ${quote(keyVersion)}`);
}
