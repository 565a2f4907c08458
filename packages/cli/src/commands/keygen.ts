import type { Args, Result, Session } from '../types.js';
import { pathOf } from '../values.js';

export async function keygen(args: Args, { signal }: Session): Promise<Result> {
  const { generateKeyFile, localKeyFromUri } = await import('@weightseal/kms-local');
  // As every other command names it. (A file whose name begins so is ./local:….)
  const path = pathOf(args, 'keygen').replace(/^local:(?=.)/, '');
  const essential = true;
  if (args.has('rotate')) {
    const key = localKeyFromUri(`local:${path}`, { allowKeyOfOthers: args.has('allow-key-of-others') });
    const keyVersion = await key.rotate({ signal });
    return { value: { keyUri: key.uri, keyVersion }, lines: [key.uri], essential };
  }
  const keyUri = await generateKeyFile(path);
  return { value: { keyUri }, lines: [keyUri], essential };
}
