import { FileSource, isLocation, isWeightsealError, ObjectSource, type StoredEntry } from '@weightseal/core';
import type { Finding } from '../types.js';
import { found, isEnd, isGone, toldOf } from './found.js';
import { HEAD_BYTES, isSealedHead, LEAST_BYTES, weightFormatOf } from './magic.js';
import type { Place } from './place.js';
import type { AuditedObject } from './types.js';

type Told = Pick<AuditedObject, 'kind' | 'format' | 'findings'>;

/** What is not sealed, by at most 4 KiB of it. Undefined where it is gone. */
export async function lookAtPlain(
  place: Place,
  { path, sealedSize: size = 0 }: StoredEntry,
  signal: AbortSignal | undefined,
): Promise<Told | undefined> {
  if (size < LEAST_BYTES) return { kind: 'other', findings: [] };
  const resource = place.nameOf(path);
  try {
    const head = await headOf(place.at(path), signal);
    if (head && isSealedHead(head.bytes)) return { kind: 'sealed', findings: [replaced(resource)] };
    const format = head && weightFormatOf(head.bytes, head.size, path);
    if (!format) return { kind: 'other', findings: [] };
    return { kind: 'weights', format, findings: [found('plain', resource, 'failed', lies(format, size))] };
  } catch (error) {
    if (isGone(error)) return undefined;
    if (isEnd(error)) throw error;
    return { kind: 'other', findings: [notRead(resource, error)] };
  }
}

function lies(format: string, size: number): string {
  return `It begins like a model in ${NAMES[format] ?? format}, has ${size} bytes, and is not sealed.`;
}

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

function notRead(resource: string, error: unknown): Finding {
  return found('plain', resource, 'unread', `Whether it is a model could not be seen. ${toldOf(error)}`);
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
