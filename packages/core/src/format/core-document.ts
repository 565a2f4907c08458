import { WeightsealError } from '../errors.js';
import { fromBase64url, toBase64url } from './bytes.js';
import { canonicalJson, hasExactly, isObject, type Json, parseCanonicalJson } from './canonical-json.js';
import { type Context, contextProblem, readContext } from './context.js';
import { envelopeInvalid } from './envelope-invalid.js';

// FORMAT.md §5.2.
export const ALGORITHM = 'FLOE-AES-256-GCM';
export const PAYLOAD_NAME = 'payload';
const MEMBERS = ['algorithm', 'context', 'format', 'id', 'version'];

/** What the core is of: a sealed file (§5.2), or a bundle (§18.3). */
export type Framing = 'file' | 'bundle';
const FORMATS: Readonly<Record<Framing, string>> = { file: 'weightseal', bundle: 'weightseal-bundle' };

export interface CoreDocument {
  readonly algorithm: string;
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly context: Context;
  /** The exact bytes that everything else authenticates. */
  readonly bytes: Uint8Array;
}

export function makeCore(id: Uint8Array, given: Context, framing: Framing = 'file'): CoreDocument {
  const context = readContext(given);
  const document = {
    algorithm: ALGORITHM,
    context,
    format: FORMATS[framing],
    id: toBase64url(id),
    ...(framing === 'file' && { payloads: [{ name: PAYLOAD_NAME }] }),
    version: 1,
  };
  return { algorithm: ALGORITHM, id, context, bytes: canonicalJson(document) };
}

export function parseCore(bytes: Uint8Array, framing: Framing = 'file'): CoreDocument {
  const value = parseCanonicalJson(bytes);
  if (!isObject(value)) throw envelopeInvalid('its core is no canonical JSON object');
  if (value['format'] !== FORMATS[framing]) throw envelopeInvalid('its core is of another format');
  if (value['version'] !== 1 || value['algorithm'] !== ALGORITHM) {
    throw new WeightsealError(
      'UNSUPPORTED_VERSION',
      'The envelope is of a version or algorithm that this release does not read. Update weightseal.',
    );
  }
  if (!hasExactly(value, framing === 'file' ? [...MEMBERS, 'payloads'] : MEMBERS))
    throw envelopeInvalid('its core has other members than version 1 has');
  const id = typeof value['id'] === 'string' ? fromBase64url(value['id']) : undefined;
  if (id?.length !== 16) throw envelopeInvalid('its id is not 16 bytes');
  if (framing === 'file' && !isSinglePayload(value['payloads']))
    throw envelopeInvalid('its payloads are not those of a sealed file');
  const problem = contextProblem(value['context']);
  if (problem) throw envelopeInvalid(`of its context, ${problem}`);
  return { algorithm: ALGORITHM, id, context: Object.freeze(value['context'] as Context), bytes };
}

function isSinglePayload(payloads: Json | undefined): boolean {
  if (!Array.isArray(payloads) || payloads.length !== 1) return false;
  const [payload] = payloads as readonly Json[];
  return isObject(payload) && hasExactly(payload, ['name']) && payload['name'] === PAYLOAD_NAME;
}
