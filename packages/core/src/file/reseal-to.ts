import { checkPath } from '../common/arguments.js';
import { progressCounter } from '../common/progress.js';
import { passError } from '../engine/pass.js';
import { throwIfAborted } from '../errors.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { OutputFile } from '../io/output/output-file.js';
import { isLocation, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import type { WriteCondition } from '../store/object-store.js';
import { checkObject, ObjectWriter } from '../store/object-writer.js';
import { checkCondition } from '../store/outcome.js';
import { encodeHead } from './head.js';
import { Input } from './input.js';
import { recipientOf } from './inspect.js';
import { ManifestBeside } from './manifest-beside.js';
import { releaseAfterFile } from './release-after-file.js';
import type { Resealed, ResealOptions } from './reseal.js';
import { checkResealed, recipientsAfter } from './reseal-rules.js';
import { SealedSource } from './sealed-source.js';
import { Sealer } from './sealer.js';
import { whileVerified } from './while-verified.js';

/** Where the new file goes. */
interface Sink extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<unknown>;
  publish(): Promise<unknown>;
}

/**
 * What `reseal` does where a store is involved, or another place than the old file's: every byte goes through memory once, is encrypted anew, opened again from that, and sent. The old one, or nothing,
 * is under the name until all of the new one has been opened.
 */
export async function resealTo(at: string | URL | StoreLocation, options: ResealOptions): Promise<Resealed> {
  const { signal, hedgeMs } = options;
  await using object = isLocation(at) ? await ObjectSource.open(at, { signal }) : undefined;
  const given = object ?? checkPath(at as string | URL, 'The path of the sealed file');
  await using input = await Input.open(given, options, 'resealBundle');
  // Before a key is asked: an output that cannot be is known now.
  const output = await placeOf(at, options, object);
  await using file = output.file;
  await using manifest = await ManifestBeside.of(output.location ?? output.name, options, output.replaces);
  const release = manifest && (await releaseAfterFile(options, input.anywhere, input.release));
  await using old = await SealedSource.open(input, options);
  const { context } = old.unlocked.head.envelope.core;
  const { segmentLength } = old.body.segments;
  const keys = recipientsAfter(old.unlocked.head.envelope.slots, options);
  using sealer = await Sealer.create({ keys, context, segmentLength, signal });
  const progress = progressCounter(2 * old.size, options.onProgress);
  try {
    await using sink = file ? intoFile(file) : await intoStore(output, sealer, old, signal);
    const chunks = encryptedAnew(old, sealer, manifest, signal, progress);
    const opened = await whileVerified(
      chunks,
      (bytes) => sink.write(bytes),
      { keys, context, signal, hedgeMs },
      progress,
    );
    checkResealed(opened.size, old.size);
    throwIfAborted(signal);
    await old.checkUnchanged();
    await manifest?.make(release, signal);
    await sink.publish();
    await manifest?.publish();
  } catch (error) {
    throw passError(error, `reseal into ${output.name}`);
  }
  return {
    id: Buffer.from(sealer.core.id).toString('hex'),
    recipients: sealer.slots.map(recipientOf),
    size: old.size,
  };
}

interface Place {
  readonly name: string;
  readonly file?: OutputFile | undefined;
  readonly location?: StoreLocation | undefined;
  readonly condition?: WriteCondition | undefined;
  /** Whether what is there may be replaced. */
  readonly replaces: boolean;
}

async function placeOf(
  at: string | URL | StoreLocation,
  { output = at, overwrite = false, signal }: ResealOptions,
  old: ObjectSource | undefined,
): Promise<Place> {
  if (!isLocation(output)) {
    const name = checkPath(output, 'The path of the new sealed file');
    return { name, file: await OutputFile.create(name, overwrite, 0o666), replaces: overwrite };
  }
  checkObject(output);
  const name = uriOf(output);
  if (old && isSame(output, old.location))
    return { name, location: output, condition: { ifVersion: old.object.version }, replaces: true };
  const condition = overwrite ? undefined : ({ ifAbsent: true } as const);
  await checkCondition(output, condition, signal);
  return { name, location: output, condition, replaces: overwrite };
}

function isSame(one: StoreLocation, other: StoreLocation): boolean {
  return one.store === other.store && one.key === other.key;
}

function intoFile(file: OutputFile): Sink {
  let at = 0;
  return {
    async write(bytes) {
      await file.write(bytes, at);
      at += bytes.length;
    },
    publish: () => file.publish(),
    // Whoever has made it ends it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function intoStore(
  { location, condition }: Place,
  { preamble }: Sealer,
  { body }: SealedSource,
  signal: AbortSignal | undefined,
): Promise<Sink> {
  const size = preamble.payloadOffset + FLOE_HEADER + body.source.size - body.offset;
  const writer = await ObjectWriter.create(location!, { size, condition, signal });
  return {
    write: (bytes) => writer.write(bytes),
    publish: () => writer.complete(),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

/** The new sealed file from its first byte to its last: all that is in its head is known before. */
async function* encryptedAnew(
  old: SealedSource,
  sealer: Sealer,
  manifest: ManifestBeside | undefined,
  signal: AbortSignal | undefined,
  progress: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield encodeHead(sealer.preamble, sealer.envelope(old.unlocked.metadata));
  yield sealer.floeHeader;
  const pass = { operation: 'reseal', newMessage: sealer.message, signal, progress, emit: true } as const;
  const plan = old.plan(true);
  await manifest?.begin(sealer, plan);
  try {
    for await (const { bytes } of old.run(pass, plan)) {
      if (!bytes) continue;
      await manifest?.update(bytes);
      yield bytes;
    }
  } catch (error) {
    throw await old.explain(error);
  }
}
