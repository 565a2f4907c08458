import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ioError, isLoopback, systemFailure, WeightsealError } from '@weightseal/core';
import { readNamedFile, UnfitFile } from './named-file.js';
import { scrubbed } from './scrub.js';

/** PEM, each instead of the file that the environment names. */
export interface VaultTls {
  /** Whom to trust, instead of the authorities of Node and NODE_EXTRA_CA_CERTS; VAULT_CACERT names a file of it. */
  readonly ca?: string | Uint8Array | undefined;
  /** The client certificate, where the server wants one; VAULT_CLIENT_CERT names a file of it. */
  readonly cert?: string | Uint8Array | undefined;
  /** Its private key; VAULT_CLIENT_KEY names a file of it. */
  readonly key?: string | Uint8Array | undefined;
}

export interface Connection {
  readonly request: typeof tlsRequest;
  readonly agent: PlainAgent;
}

/**
 * A connection is kept for the next call, since sealing makes two; Node lets the process end meanwhile. It is closed when it
 * was idle for so long.
 */
const KEPT = { keepAlive: true, timeout: 5_000 } as const;

/** @throws INVALID_ARGUMENT for a certificate that cannot be read or is none */
export async function openConnection(address: string, tls: VaultTls): Promise<Connection> {
  if (address.startsWith('http:')) return { request: plainRequest, agent: new PlainAgent(KEPT) };
  const [ca, cert, key] = await Promise.all([
    tls.ca ?? fileNamedBy('CACERT'),
    tls.cert ?? fileNamedBy('CLIENT_CERT'),
    tls.key ?? fileNamedBy('CLIENT_KEY'),
  ]);
  const secureContext = contextOf({ ca, cert, key });
  // Also where NODE_TLS_REJECT_UNAUTHORIZED is 0: data keys and tokens go there.
  const options = {
    ...KEPT,
    rejectUnauthorized: true,
    secureContext,
    // As the other providers' SDKs do. Node has it from 22.21 and 24.5 on.
    ...(isLoopback(new URL(address).hostname) ? {} : { proxyEnv: process.env }),
  };
  return { request: tlsRequest, agent: new Agent(options) };
}

function contextOf({ ca, cert, key }: VaultTls): SecureContext {
  const given = Object.entries({ ca, cert, key }).filter(([, pem]) => pem !== undefined);
  try {
    // Node takes an empty one for none, and trusts its own authorities; and of other text it says nothing.
    if (ca !== undefined && !Buffer.from(ca).includes('-----BEGIN ')) {
      throw new Error('The certificate of the authority is not PEM.');
    }
    return createSecureContext(Object.fromEntries(given));
  } catch (cause) {
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      'The certificates for Vault, or the private key, are not PEM, or do not belong together.',
      { cause: scrubbed(cause) },
    );
  }
}

/** What of the machine's failures is of the path, which can be corrected. */
const OF_THE_PATH = [
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'EACCES',
  'EPERM',
  'ERR_ACCESS_DENIED',
];

function unreadable(name: string, cause: unknown): WeightsealError {
  const failure = systemFailure(cause);
  if (failure && failure.code !== 'INVALID_ARGUMENT' && !OF_THE_PATH.includes(failure.errno))
    return ioError(cause, `read the file that ${name} names`);
  const reason =
    cause instanceof UnfitFile ? `: ${cause.message}.` : `. ${failure?.hint ?? 'Check the path.'}`;
  return new WeightsealError('INVALID_ARGUMENT', `The file that ${name} names cannot be read${reason}`, {
    cause: scrubbed(cause),
  });
}

async function fileNamedBy(variable: string): Promise<Buffer | undefined> {
  for (const name of [`VAULT_${variable}`, `BAO_${variable}`]) {
    const path = process.env[name];
    if (path === undefined || path === '') continue;
    return readNamedFile(path).catch((cause: unknown) => {
      throw unreadable(name, cause);
    });
  }
  return undefined;
}
