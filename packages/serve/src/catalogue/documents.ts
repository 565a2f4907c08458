import type { Found } from '../root/root.js';
import type { Asked } from './released.js';

// Documents of a release are looked at, and not only their names.

/** With all that Sigstore may prove, what is signed of one file has some thousands of bytes; of a bundle it names each file. */
export const MOST_SIGNATURE = { file: 1_048_576, bundle: 67_108_864 } as const;
const SIGSTORE = 'application/vnd.dev.sigstore.bundle';
const CHANNEL = 'weightseal/channel/v1';

async function read(found: Found, most: number, signal: AbortSignal): Promise<Buffer | undefined> {
  if (found.size === 0 || found.size > most) return undefined;
  return Buffer.from(await found.source.read(0, found.size, { signal }));
}

interface Statement {
  readonly mediaType?: unknown;
  readonly dsseEnvelope?: { readonly payload?: unknown };
}

function statementIn(bytes: Buffer): Statement | undefined {
  try {
    const value = JSON.parse(bytes.toString()) as Statement | null;
    const type = typeof value === 'object' ? value?.mediaType : undefined;
    return typeof type === 'string' && type.startsWith(SIGSTORE) ? value! : undefined;
  } catch {
    return undefined;
  }
}

export async function isSignature(found: Found, most: number, signal: AbortSignal): Promise<boolean> {
  const bytes = await read(found, most, signal);
  return bytes !== undefined && statementIn(bytes) !== undefined;
}

/** Of which release a channel says that it is the current one; nothing of it is verified here. */
export async function askedByChannel(found: Found, signal: AbortSignal): Promise<Asked | undefined> {
  const bytes = await read(found, MOST_SIGNATURE.file, signal);
  const payload = bytes && statementIn(bytes)?.dsseEnvelope?.payload;
  if (typeof payload !== 'string') return undefined;
  try {
    const { predicateType, predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      predicateType?: unknown;
      predicate?: { model?: unknown; version?: unknown };
    };
    const { model, version } = predicate ?? {};
    if (predicateType !== CHANNEL || typeof model !== 'string') return undefined;
    return { model, version: typeof version === 'string' ? version : undefined };
  } catch {
    return undefined;
  }
}
