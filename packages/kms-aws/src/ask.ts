import type { Connection } from './connection.js';
import { awsFailure } from './errors.js';
import type { KeyName } from './key-name.js';

interface Call extends Connection {
  readonly KeyId: string;
  /** Ends the request itself, not only the wait for it. */
  readonly abort: { readonly abortSignal: AbortSignal };
}

/** Sends one command for the key. `operation` is the command's name, and that of the permission it needs. */
export type Ask = <T>(operation: string, stop: AbortSignal, send: (call: Call) => Promise<T>) => Promise<T>;

export function asking(name: KeyName, connect: () => Promise<Connection>): Ask {
  return async (operation, stop, send) => {
    try {
      const connection = await connect();
      stop.throwIfAborted();
      return await send({ ...connection, KeyId: name.keyId, abort: { abortSignal: stop } });
    } catch (error) {
      throw awsFailure(error, { operation, key: name.keyId });
    }
  };
}
