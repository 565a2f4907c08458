import { timingSafeEqual } from '../common/crypto.js';
import { atOnce } from '../engine/at-once.js';
import { digestWhile } from '../engine/copy.js';
import { filesExecutor } from '../engine/files-executor.js';
import type { FileItem } from '../engine/files-task.js';
import { Spares } from '../engine/spares.js';
import { StreamDigest } from '../engine/stream-digest.js';
import { startEncryption } from '../format/floe.js';
import { memberAad, recordAt } from '../format/records.js';
import { release } from '../format/segment.js';
import type { ReadOptions } from '../io/reads.js';
import { type Entry, fileOf } from './entry.js';
import { batchesOf, bySize, itemOf, nameIn } from './jobs.js';
import { memberTampered, openError } from './member-error.js';
import { fileSizeOf, type MemberPayload, openPayload } from './member-payload.js';
import type { PrefixWriter } from './prefix-writer.js';
import { outputMemory, putAll } from './small-objects.js';
import type { StoredMembers } from './storage.js';

const LARGE_AT_ONCE = 1;
/** Such a part of the requests has what is read: most memory is for what is on its way out. */
const SHARES = 3;

export interface ResealObjectsWork extends StoredMembers {
  readonly out: PrefixWriter;
  /** The new keys, to which what comes of them is added. */
  readonly newRecords: SharedArrayBuffer;
  readonly signal: AbortSignal | undefined;
  readonly progress: (bytes: number) => void;
}

/** Encrypts every payload anew on its way to another place; plaintext stays in the memory of the thread that does it. Public members are copied, and compared before they appear. */
export async function resealObjects(files: readonly Entry[], work: ResealObjectsWork): Promise<void> {
  const { small, large } = bySize(files);
  const { storage, records, signal, progress } = work;
  const executor = filesExecutor();
  const { small: atATime, reads } = storage.atOnce(large.slice(0, SHARES), records, executor.width, true);
  await using spares = new Spares();
  await atOnce(large, LARGE_AT_ONCE, signal, async (entry) => {
    await resealLarge(entry, work, reads, spares).catch((error: unknown) => {
      throw openError(error, fileOf(entry));
    });
  });
  await atOnce(batchesOf(small), atATime, signal, async (some) => {
    await resealSmall(some, work);
    progress(some.reduce((sum, { size }) => sum + size, 0));
  });
}

async function resealSmall(some: readonly Entry[], work: ResealObjectsWork): Promise<void> {
  const { storage, records, newRecords, out, signal } = work;
  const { bytes, ...stored } = await storage.small(some, records, signal);
  const memory = outputMemory(some, (entry) => fileSizeOf(entry, records));
  const items = some.map(
    (entry, at): FileItem => ({ ...itemOf(entry, bytes?.[at]), outputBytes: memory[at]! }),
  );
  await filesExecutor()
    .runFiles({ operation: 'reseal', ...stored, records, newRecords, items })
    .catch((error: unknown) => {
      throw openError(error, nameIn(some, error));
    });
  await putAll(some, memory, out, signal);
}

async function resealLarge(
  entry: Entry,
  work: ResealObjectsWork,
  reads: ReadOptions | undefined,
  spares: Spares,
): Promise<void> {
  const { storage, records, newRecords, signal, progress } = work;
  const file = fileOf(entry);
  const size = fileSizeOf(entry, records);
  const [old, fresh] = [recordAt(records, entry.record), recordAt(newRecords, entry.record)];
  fresh.digest.set(old.digest);
  await using writer = await work.out.create(file, size);
  if (entry.kind === 'public') {
    await using source = await storage.openMember(file, size, signal);
    const use = async (bytes: Uint8Array): Promise<void> => {
      await writer.write(bytes);
      progress(bytes.length);
    };
    if (!timingSafeEqual(await digestWhile(source, signal, use, reads), old.digest))
      throw memberTampered(file, 'its bytes have another digest than was sealed');
  } else {
    await using payload = await openPayload(entry, work, signal, reads);
    await encryptAnew(entry, payload, work, spares, (bytes) => writer.write(bytes));
  }
  await writer.complete();
}

async function encryptAnew(
  { record }: Entry,
  payload: MemberPayload,
  { newRecords, signal, progress }: ResealObjectsWork,
  spares: Spares,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { key, id, header: newHeader, sealedDigest } = recordAt(newRecords, record);
  const { segmentLength } = payload.body.segments;
  const { header, message } = startEncryption(key, memberAad(id), segmentLength);
  const plan = payload.plan(true);
  const sealed = new StreamDigest(spares.digest(plan));
  const pass = { operation: 'reseal', newMessage: message, signal, progress, emit: true } as const;
  const give = async (bytes: Uint8Array): Promise<void> => {
    await sealed.update(bytes);
    await write(bytes);
  };
  try {
    await give(header);
    for await (const { bytes } of payload.run(pass, plan, spares)) {
      await give(bytes!);
      release(bytes!);
    }
    newHeader.set(header);
    sealedDigest.set(await sealed.finish());
  } catch (error) {
    throw await payload.explain(error, undefined, signal);
  } finally {
    message[Symbol.dispose]();
    await sealed.end();
  }
}
