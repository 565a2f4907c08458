import { digestFor, passError, planFor } from '../engine/pass.js';
import { release } from '../format/segment.js';
import { FLOE_HEADER, segmentsOfPlaintext } from '../format/sizes.js';
import { type StoreLocation, uriOf } from '../store/location.js';
import type { WriteCondition } from '../store/object-store.js';
import { checkObject, ObjectWriter } from '../store/object-writer.js';
import { checkCondition } from '../store/outcome.js';
import { encodeHead } from './head.js';
import { Input, type InputBytes } from './input.js';
import { ManifestBeside } from './manifest-beside.js';
import type { Sealed, SealFileOptions } from './seal.js';
import { checkPlain, metadataOf, passOf, sealPass } from './seal-pass.js';
import { Sealer } from './sealer.js';

/** Seals into an object, as what is sealed comes: nothing is written to a disk. @throws what `sealToFile` throws, and what the store throws */
export async function sealToStore(
  input: InputBytes,
  output: StoreLocation,
  options: SealFileOptions,
): Promise<Sealed> {
  const { signal } = options;
  checkObject(output);
  const condition: WriteCondition | undefined = options.overwrite ? undefined : { ifAbsent: true };
  await using opened = await Input.open(input, options, 'sealBundle');
  if (opened.source) await checkPlain(opened, options);
  // Before a key is asked.
  await checkCondition(output, condition, signal);
  opened.warm();
  await using manifest = await ManifestBeside.of(output, options, options.overwrite ?? false);
  using sealer = await Sealer.create(options);
  if (opened.feeder) await checkPlain(opened, options);
  try {
    const sealed = await sealInto(opened, output, condition, manifest, sealer, options);
    await manifest?.publish();
    return sealed;
  } catch (error) {
    throw passError(error, `seal into ${uriOf(output)}`);
  }
}

async function sealInto(
  input: Input,
  output: StoreLocation,
  condition: WriteCondition | undefined,
  manifest: ManifestBeside | undefined,
  sealer: Sealer,
  options: SealFileOptions,
): Promise<Sealed> {
  const { preamble, message, floeHeader } = sealer;
  const { signal } = options;
  const head = (size: number | undefined, sha256: string | undefined) =>
    encodeHead(preamble, sealer.envelope(metadataOf(input, options, size, sha256)));
  await using writer = await ObjectWriter.create(output, {
    size: sealedSize(sealer, input.size),
    condition,
    signal,
    // FORMAT.md §12.4: what the store wants first is written without what only the end tells.
    head: { length: preamble.payloadOffset, early: () => head(input.size, undefined) },
  });
  const plan = planFor(message.segmentLength, input.size, true, input.reads);
  const digest = (options.digest ?? true) ? digestFor(plan) : undefined;
  let size = 0;
  try {
    await manifest?.begin(sealer, plan);
    await writer.write(floeHeader);
    const pass = { ...passOf(sealer, input, options), digest, emit: true };
    for await (const { batch, bytes } of sealPass(pass, plan, input)) {
      if (bytes) {
        await writer.write(bytes);
        await manifest?.update(bytes);
        release(bytes);
      }
      size = batch.plainOffset + batch.plainLength;
    }
    const sha256 = await digest?.finish();
    await input.checkAtRest(sha256, signal);
    await manifest?.make(options.release, signal);
    const object = await writer.complete(writer.headLast ? head(size, sha256) : undefined);
    return {
      id: Buffer.from(sealer.core.id).toString('hex'),
      size,
      sealedSize: object.size,
      ...(sha256 !== undefined && { digest: sha256 }),
    };
  } finally {
    await digest?.end();
  }
}

function sealedSize(
  { preamble, message: { segmentLength } }: Sealer,
  size: number | undefined,
): number | undefined {
  if (size === undefined) return undefined;
  const { count, finalLength } = segmentsOfPlaintext(size, segmentLength);
  return preamble.payloadOffset + FLOE_HEADER + (count - 1) * segmentLength + finalLength;
}
