import { checkOptions } from '@weightseal/core';
import type { Asking } from './ask.js';
import { type Connection, openConnection, type VaultTls } from './connection.js';
import type { KeyName } from './key-name.js';
import { findToken, type VaultToken } from './token.js';

const PEM = 'string or bytes';
const TLS = { ca: PEM, cert: PEM, key: PEM } as const satisfies Readonly<Record<keyof VaultTls, string>>;

/** @throws INVALID_ARGUMENT */
export function checkTls(tls: VaultTls): void {
  checkOptions(tls, TLS, '`tls` of a key of Vault');
}

/** Begins a call: with the token of just then, and with the one connection of the key, which is opened at the first. */
export function beginner(
  key: KeyName,
  token: VaultToken | undefined,
  tls: VaultTls,
): (stop: AbortSignal, endsAt: number) => Promise<Asking> {
  let opened: Promise<Connection> | undefined;
  const connect = (): Promise<Connection> => {
    opened ??= openConnection(key.address, tls).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return async (stop, endsAt) => {
    const [connection, found] = await Promise.all([connect(), findToken(token, key.address, stop)]);
    return { key, connection, token: found, stop, endsAt };
  };
}
