import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { openToFile, reseal, sealToFile, verify } from '@weightseal/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { forge } from './support/forge.js';
import { MemoryKey } from './support/memory-key.js';
import { pattern, refusal } from './support/sealed.js';
import { smallParts } from './support/small-file.js';
import { everythingIn, temporary } from './support/temporary.js';

const temp = await temporary();
const keys = [new MemoryKey('one')];
// Large enough for threads. The sealed file is made without any, so that the pool has none.
const plaintext = pattern(5_000_000);
const digest = `sha256:${createHash('sha256').update(plaintext).digest('hex')}`;
const parts = smallParts(100, 16_384);
const file = forge({
  ...parts,
  recipients: parts.recipients.slice(0, 1),
  plaintext,
  segmentLength: 1_048_576,
  metadata: { digest, size: plaintext.length },
}).bytes;
const directory = await temp.directory();
const [plain, sealed, out] = [`${directory}/plain`, `${directory}/sealed`, `${directory}/out`];
await writeFile(plain, plaintext);
await writeFile(sealed, file);

const threads = process.getBuiltinModule('node:worker_threads');
const { Worker } = threads;

/** Lets so many threads start, and no more. */
function allow(count: number): void {
  let left = count;
  vi.spyOn(threads, 'Worker').mockImplementation(function start(
    ...call: ConstructorParameters<typeof Worker>
  ) {
    if (left-- > 0) return new Worker(...call);
    throw new Error('EAGAIN');
  } as never);
}

/** Lets so many threads come up; all others begin, and the system refuses then what they need. */
function allowToComeUp(count: number): void {
  let left = count;
  vi.spyOn(threads, 'Worker').mockImplementation(function start(
    ...[file, options]: ConstructorParameters<typeof Worker>
  ) {
    if (left-- > 0) return new Worker(file, options);
    const reason = 'Worker initialization failure: EMFILE';
    const failing = `throw Object.assign(new Error(${JSON.stringify(reason)}), { code: 'ERR_WORKER_INIT_FAILED' })`;
    return new Worker(failing, { eval: true });
  } as never);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('when the system gives no thread', () => {
  const refusals: Record<string, [refuse: () => void, limit: string]> = {
    'at once': [() => allow(0), 'ulimit -u'],
    'when they have begun': [() => allowToComeUp(0), 'ulimit -n'],
  };
  const operations: Record<string, () => Promise<unknown>> = {
    'a seal with its digest': () => sealToFile(plain, out, { keys }),
    'a seal without digest': () => sealToFile(plain, out, { keys, digest: false }),
    'an open': () => openToFile(sealed, out, { keys }),
    'an open with its digest': () => openToFile(sealed, out, { keys, digest: true }),
    'a verification': () => verify(sealed, { keys, digest: false }),
    'a reseal': () => reseal(sealed, { keys }),
  };

  for (const [when, [refuse, limit]] of Object.entries(refusals)) {
    it.each(Object.entries(operations))(
      `${when}: %s is IO_ERROR, and leaves all as it was`,
      async (_name, operation) => {
        refuse();
        const error = await refusal(operation);
        expect(error.code).toBe('IO_ERROR');
        expect(error.message).toContain(limit);
        expect(await everythingIn(directory)).toEqual(['plain', 'sealed']);
        expect(Buffer.compare(await readFile(sealed), file)).toBe(0);
      },
    );
  }
});

it('when only one thread comes up, that one does the work of the others, and the digest is made here', async () => {
  allowToComeUp(1);
  const done = await sealToFile(plain, out, { keys });
  expect(done).toMatchObject({ digest });
  await rm(out);
  expect(await openToFile(sealed, out, { keys, digest: true })).toMatchObject({ digestVerified: true });
  expect(Buffer.compare(await readFile(out), plaintext)).toBe(0);
  await rm(out);
});

it('when the system gives one thread, that one does the work, and the digest is made beside it', async () => {
  allow(1);
  expect(await openToFile(sealed, out, { keys, digest: true })).toMatchObject({ digestVerified: true });
  expect(Buffer.compare(await readFile(out), plaintext)).toBe(0);
});
