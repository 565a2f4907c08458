import { isAbsolute } from 'node:path';
import { canDescribe, type KeyDescriber, type KeyWrapper, type Signer } from '@weightseal/core';

const withPath = /^(local|passphrase|pem):(.+)$/s;

/** Not joined: where `..` leads behind a linked directory, only the kernel knows. */
export function pathFrom(directory: string | undefined, path: string): string {
  if (directory === undefined || isAbsolute(path)) return path;
  return `${directory.endsWith('/') ? directory : `${directory || '.'}/`}${path}`;
}

/**
 * Makes a key whose relative path counts from a directory. The key keeps the URI that the caller wrote: sealed files name
 * their keys in the clear, and where the directory lies on this machine is not for them.
 */
export async function countedFrom(
  directory: string | undefined,
  uri: string,
  make: (uri: string) => KeyWrapper | Promise<KeyWrapper>,
): Promise<KeyWrapper> {
  const key = await made(directory, uri, make);
  return key.uri === uri || !withPath.test(uri) ? key : called(uri, key);
}

/** The same for a signer. */
export async function signerCountedFrom(
  directory: string | undefined,
  uri: string,
  make: (uri: string) => Signer | Promise<Signer>,
): Promise<Signer> {
  const signer = await made(directory, uri, make);
  return withPath.test(uri) ? { ...signer, uri } : signer;
}

async function made<Made>(
  directory: string | undefined,
  uri: string,
  make: (uri: string) => Made | Promise<Made>,
): Promise<Made> {
  const [, scheme, path] = withPath.exec(uri) ?? [];
  if (path === undefined) return make(uri);
  const counted = pathFrom(directory, path);
  if (counted === path) return make(uri);
  // What the provider would refuse as it stands, it must refuse here too: joined to a directory it could look sound.
  await make(uri);
  return make(`${scheme}:${counted}`);
}

function called(uri: string, key: KeyWrapper): KeyWrapper {
  return {
    ...key,
    uri,
    wrap: async (...args) => ({ ...(await key.wrap(...args)), keyUri: uri }),
    ...(canDescribe(key) && { describe: async (call) => ({ ...(await key.describe(call)), uri }) }),
  } satisfies KeyWrapper & Partial<KeyDescriber>;
}
