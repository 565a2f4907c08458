import { pathToFileURL } from 'node:url';
import { WeightsealError } from '@weightseal/core';

/** What files must be, by their real paths: SHA-256 in hexadecimal. */
export type Contents = Readonly<Record<string, string>>;

export function isContent(bytes: string | Uint8Array, wanted: string): boolean {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(bytes).digest('hex') === wanted;
}

export function untrusted(module: string): WeightsealError {
  return new WeightsealError(
    'CONFIG_UNTRUSTED',
    `The provider ${JSON.stringify(module)} is not what it was when its configuration was trusted, and is not run. Look at it, then \`weightseal config trust\`.`,
  );
}

/**
 * Imports a module, and sees that what is run of these files is what was trusted: the very bytes, however fast a file is exchanged. Node before 22.15 has
 * no hooks for that.
 *
 * @throws CONFIG_UNTRUSTED, and what the module throws
 */
export async function importTrusted(
  url: string,
  contents: Contents,
): Promise<Readonly<Record<string, unknown>>> {
  const { registerHooks } = process.getBuiltinModule('node:module');
  const wanted = new Map(
    Object.entries(contents).map(([path, sha256]) => [pathToFileURL(path).href, { path, sha256 }]),
  );
  const hooks = registerHooks?.({
    load(asked, context, next) {
      const loaded = next(asked, context);
      const file = wanted.get(asked.replace(/[?#].*$/s, ''));
      if (file === undefined || loaded.source === undefined || loaded.source === null) return loaded;
      if (!isContent(bytesOf(loaded.source), file.sha256)) throw untrusted(file.path);
      return loaded;
    },
  });
  try {
    return await import(url);
  } finally {
    hooks?.deregister();
  }
}

function bytesOf(
  source: string | NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer,
): string | Uint8Array {
  if (typeof source === 'string') return source;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
