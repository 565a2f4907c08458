import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem } from '../engine/files-task.js';
import { type Pass, planFor, runPass } from '../engine/pass.js';
import { batches } from '../engine/plan.js';
import { Spares } from '../engine/spares.js';
import { StreamDigest } from '../engine/stream-digest.js';
import { TaskError } from '../engine/task.js';
import { type FloeMessage, startEncryption } from '../format/floe.js';
import { memberAad, payloadSize, recordAt } from '../format/records.js';
import { release } from '../format/segment.js';
import { segmentsOfPlaintext } from '../format/sizes.js';
import { type FileSource, loadRange } from '../io/byte-source.js';
import { type Entry, fileOf } from './entry.js';
import { batchesOf, bySize } from './jobs.js';
import { sealError } from './member-error.js';
import type { PrefixWriter } from './prefix-writer.js';
import { checkIdentity, openPlain, type SealWork } from './seal-members.js';
import { SMALL_AT_ONCE } from './shares.js';
import { outputMemory, putAll } from './small-objects.js';

/** Each has up to 16 parts on its way. */
const LARGE_AT_ONCE = 2;

export interface SealObjectsWork
  extends Pick<SealWork, 'from' | 'records' | 'itemOf' | 'segmentLength' | 'signal' | 'progress'> {
  readonly out: PrefixWriter;
}

/** Seals files into objects, as they are uploaded: small ones on threads into memory, a batch at a time, large ones by segments. */
export async function sealObjects(files: readonly Entry[], work: SealObjectsWork): Promise<void> {
  const { small, large } = bySize(files);
  const { signal, progress } = work;
  await using spares = new Spares();
  await atOnce(large, LARGE_AT_ONCE, signal, async (entry) => {
    await sealLarge(entry, work, spares).catch((error: unknown) => {
      throw sealError(error, entry.path);
    });
  });
  await atOnce(batchesOf(small), SMALL_AT_ONCE, signal, async (some) => {
    await sealSmall(some, work);
    progress(some.reduce((sum, { size }) => sum + size, 0));
  });
}

async function sealSmall(some: readonly Entry[], work: SealObjectsWork): Promise<void> {
  const { from, records, segmentLength, out, signal } = work;
  const memory = outputMemory(some, ({ kind, size }) =>
    kind === 'public' ? size : payloadSize(size, segmentLength),
  );
  const items = some.map((entry, at): FileItem => {
    const { output: _output, ...item } = work.itemOf(entry);
    return { ...item, outputBytes: memory[at]! };
  });
  try {
    await filesExecutor().runFiles({ operation: 'seal', from, records, items, segmentLength });
  } catch (error) {
    const { item = 0 } = error instanceof TaskError ? error.failure : {};
    throw sealError(error, some[item]!.path);
  }
  await putAll(some, memory, out, signal);
}

async function sealLarge(entry: Entry, work: SealObjectsWork, spares: Spares): Promise<void> {
  const item = work.itemOf(entry);
  const { plain, record: index } = item;
  await using source = await openPlain(item, work.from);
  const record = recordAt(work.records, index);
  const size = plain ? entry.size : payloadSize(entry.size, work.segmentLength);
  await using writer = await work.out.create(fileOf(entry), size);
  if (plain) {
    const digest = await digestWhile(source, work.signal, async (bytes) => {
      await writer.write(bytes);
      work.progress(bytes.length);
    });
    record.digest.set(digest);
  } else {
    const { header, message } = startEncryption(record.key, memberAad(record.id), work.segmentLength);
    try {
      const sealed = await encrypt(source, header, message, work, spares, (bytes) => writer.write(bytes));
      record.digest.set(sealed.digest);
      record.sealedDigest.set(sealed.sealedDigest);
    } finally {
      message[Symbol.dispose]();
    }
    record.header.set(header);
  }
  // Of what was read while it changed nothing becomes visible.
  await checkIdentity(source, item);
  await writer.complete();
}

async function encrypt(
  source: FileSource,
  header: Uint8Array,
  message: FloeMessage,
  { segmentLength, signal, progress }: SealObjectsWork,
  spares: Spares,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<{ digest: Uint8Array; sealedDigest: Uint8Array }> {
  const plan = planFor(segmentLength, source.size, true);
  const digest = spares.digest(plan);
  const sealed = new StreamDigest(spares.digest(plan));
  const load: Pass['load'] = (batch, slot, stop) =>
    loadRange(source, batch.plainOffset, new Uint8Array(slot, 0, batch.plainLength), stop);
  const from = plan.inline ? { load } : { input: { fd: source.fd, offset: 0 } };
  const pass = { operation: 'seal', message, digest, signal, progress, emit: true, ...from } as const;
  try {
    const slots = spares.slots(plan, message);
    const give = async (bytes: Uint8Array): Promise<void> => {
      await sealed.update(bytes);
      await write(bytes);
    };
    await give(header);
    for await (const { bytes } of runPass(
      pass,
      plan,
      batches(segmentsOfPlaintext(source.size, segmentLength), plan.batchCount),
      slots,
    )) {
      await give(bytes!);
      release(bytes!);
    }
    spares.give(slots);
    const sum = Buffer.from((await digest.finish()).slice('sha256:'.length), 'hex');
    return { digest: sum, sealedDigest: await sealed.finish() };
  } finally {
    await digest.end();
    await sealed.end();
  }
}
