import { isAbsolute } from 'node:path';
import { canDescribe, type KeyDescriber, type KeyWrapper } from '@weightseal/core';

const withPath = /^(local|passphrase):(.+)$/s;

/**
 * Makes a key whose relative path counts from a directory. The key keeps the URI that the caller wrote: sealed files name
 * their keys in the clear, and where the directory lies on this machine is not for them.
 */
export async function countedFrom(
  directory: string | undefined,
  uri: string,
  make: (uri: string) => KeyWrapper | Promise<KeyWrapper>,
): Promise<KeyWrapper> {
  const [, scheme, path] = withPath.exec(uri) ?? [];
  if (directory === undefined || path === undefined || isAbsolute(path)) return make(uri);
  // What the provider would refuse as it stands, it must refuse here too: joined to a directory it could look sound.
  await make(uri);
  // Not joined: where `..` leads after a link is for the kernel to say.
  return called(uri, await make(`${scheme}:${directory}/${path}`));
}

function called(uri: string, key: KeyWrapper): KeyWrapper {
  return {
    ...key,
    uri,
    wrap: async (...args) => ({ ...(await key.wrap(...args)), keyUri: uri }),
    ...(canDescribe(key) && { describe: async (call) => ({ ...(await key.describe(call)), uri }) }),
  } satisfies KeyWrapper & Partial<KeyDescriber>;
}
