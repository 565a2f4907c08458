import { FileSource, isLocation, isWeightsealError, ObjectSource, type StoredEntry } from '@weightseal/core';
import type { Finding } from '../types.js';
import { found, isEnd, isGone, toldOf } from './found.js';
import {
  HEAD_BYTES,
  isPayloadHead,
  isSealedHead,
  LEAST_BYTES,
  type WeightFormat,
  weightFormatOf,
} from './magic.js';
import type { Place } from './place.js';
import type { AuditedObject } from './types.js';
import { unfollowed } from './unfollowed.js';
import { couldBeWeights } from './wrapped.js';

type Told = Pick<AuditedObject, 'kind' | 'format' | 'findings'>;

/** What is not sealed, by at most 4 KiB of it. Undefined where it is gone. */
export async function lookAtPlain(
  place: Place,
  { path, sealedSize: size = 0 }: StoredEntry,
  signal: AbortSignal | undefined,
): Promise<Told | undefined> {
  const resource = place.nameOf(path);
  const seen = await see(place, path, size, signal);
  if (seen === 'gone') return undefined;
  if (seen === 'sealed') return { kind: 'sealed', findings: [replaced(resource)] };
  if (seen === 'payload') return { kind: 'other', findings: [found('plain', resource, 'unread', STRAY)] };
  if ('format' in seen) {
    const { format } = seen;
    return { kind: 'weights', format, findings: [found('plain', resource, 'failed', lies(format, size))] };
  }
  const { unread } = seen;
  return {
    kind: 'other',
    findings: unread === undefined ? [] : [found('plain', resource, 'unread', unread)],
  };
}

/** What of a file its first bytes say; `unread` is the sentence why they do not. */
type Seen =
  | 'gone'
  | 'sealed'
  | 'payload'
  | { readonly format: WeightFormat }
  | { readonly unread: string | undefined };

export async function see(
  place: Place,
  path: string,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Seen> {
  try {
    const head = size < LEAST_BYTES ? undefined : await headOf(place.at(path), signal);
    if (!head) return { unread: await unfollowed(place, path) };
    if (isSealedHead(head.bytes)) return 'sealed';
    if (isPayloadHead(head.bytes)) return 'payload';
    const format = weightFormatOf(head.bytes, head.size, path);
    if (format) return { format };
    const why = couldBeWeights(head.bytes, head.size, path);
    return {
      unread:
        why && `It could be weights: ${why}, and what is within was not seen. Look into it, or seal it.`,
    };
  } catch (error) {
    if (isGone(error)) return 'gone';
    if (isEnd(error)) throw error;
    return { unread: `Whether it is a model could not be seen. ${toldOf(error)}` };
  }
}

/** Also one whose name is no UTF-8. */
export const GONE = 'It was not found under its name; audit again.';

export function lies(format: string, size: number): string {
  return `It begins like a model in ${NAMES[format] ?? format}, has ${size} bytes, and is not sealed.`;
}

/** A member of a bundle that has lost its envelope, in which its key is; or what pretends to be one. */
const STRAY =
  'It begins like a member of a bundle, and lies in none: nobody can tell what it is. Remove it, or bring its bundle back.';

const NAMES: Readonly<Record<string, string>> = {
  gguf: 'GGUF',
  ggml: 'GGML',
  onnx: 'ONNX',
  torch: 'the format of torch.save',
  numpy: 'the format of NumPy',
  hdf5: 'HDF5',
  keras: 'the format of Keras',
  tflite: 'the format of TensorFlow Lite',
};

/** The listing found no sealed file there, or could not look. */
function replaced(resource: string): Finding {
  return found(
    'sound',
    resource,
    'unread',
    'It is sealed by now, and was not when it was listed. Audit again.',
  );
}

async function headOf(
  at: ReturnType<Place['at']>,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly size: number } | undefined> {
  if (isLocation(at)) {
    await using source = await ObjectSource.open(at, { first: HEAD_BYTES, signal });
    return { bytes: await source.read(0, Math.min(HEAD_BYTES, source.size), { signal }), size: source.size };
  }
  const source = await FileSource.open(at).catch((error: unknown) => {
    // A device, a pipe, a link to a directory.
    if (isWeightsealError(error) && error.code === 'INVALID_ARGUMENT') return undefined;
    throw error;
  });
  if (!source) return undefined;
  await using file = source;
  return { bytes: await file.readSome(0, HEAD_BYTES), size: file.size };
}
