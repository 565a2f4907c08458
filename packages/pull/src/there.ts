import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ENVELOPE_NAME,
  FLOE_HEADER,
  isWeightsealError,
  type Manifest,
  openReleased,
  type ReadManifest,
  readManifest,
  throwIfAborted,
  WeightsealError,
} from '@weightseal/core';
import type { JudgedRelease } from './released.js';
import type { PullOptions } from './types.js';

/** What lies at the target before anything is done there. */
export interface There {
  readonly kind: 'file' | 'bundle';
  readonly model: string | undefined;
  readonly generation: number;
  /** Undefined where its manifest is missing, or another's. */
  readonly digest: string | undefined;
  /** Of a file: what comes before its payload, and how long it is. */
  readonly file: { readonly offset: number; readonly size: number } | undefined;
}

/** Undefined for nothing, and for what nobody has sealed. @throws ABORTED */
export async function whatIsAt(target: string, signal: AbortSignal | undefined): Promise<There | undefined> {
  try {
    await using release = await openReleased(target, { signal });
    const { kind, context, generation, payload } = release;
    const read = await readManifest(release, { signal }).catch(nothing);
    const model = modelOf({ context, name: read?.manifest.name });
    const file = payload && { offset: payload.offset, size: payload.source.size };
    return { kind, model, generation, digest: read?.digest, file };
  } catch (error) {
    throwIfAborted(signal);
    return nothing(error);
  }
}

/** @throws CONTEXT_MISMATCH for another model, unless that one was named */
export function checkModel(
  there: There,
  { manifest }: ReadManifest,
  target: string,
  { context, digest }: Pick<PullOptions, 'context' | 'digest'>,
): void {
  const model = modelOf(manifest);
  if (model === there.model || digest !== undefined || context?.['model'] !== undefined) return;
  throw new WeightsealError(
    'CONTEXT_MISMATCH',
    `${target} has ${called(there.model)}, and what is served there now is ${called(model)}. If that one is to take its place, name it (--context model=…; \`context\` in a program).`,
  );
}

/**
 * The release with the envelope of the target, where it is of the same release and was written after the one that is served: what a rewrap has taken from a recipient is not given back.
 *
 * @throws OUTPUT_EXISTS for a file whose payload the newer envelope has moved
 */
export async function withNewer(
  release: JudgedRelease,
  there: There | undefined,
  target: string,
): Promise<JudgedRelease> {
  const { digest, kind, generation, documents, file } = release;
  if (there?.digest !== digest || there.kind !== kind || there.generation <= generation) return release;
  if (!file) {
    const envelope = await readFile(join(target, ENVELOPE_NAME));
    return { ...release, documents: new Map(documents).set(ENVELOPE_NAME, envelope) };
  }
  const { offset, size } = there.file!;
  if (offset === file.offset && size === file.size)
    return { ...release, file: { ...file, head: await beginningOf(target, offset + FLOE_HEADER) } };
  throw new WeightsealError(
    'OUTPUT_EXISTS',
    `${target} is this release already, and its envelope was written after the one that is served (${there.generation} times, and not ${generation}), so it is kept. Remove it first if the older one is wanted.`,
  );
}

async function beginningOf(path: string, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function modelOf({ context, name }: Pick<Manifest, 'context' | 'name'>): string | undefined {
  return Object.hasOwn(context, 'model') ? context['model'] : name;
}

function called(model: string | undefined): string {
  return model === undefined ? 'a model of no name' : `the model ${JSON.stringify(model)}`;
}

function nothing(error: unknown): undefined {
  if (!isWeightsealError(error)) throw error;
}
