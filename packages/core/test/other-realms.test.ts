import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import {
  bufferSource,
  checkDataKey,
  openBundle,
  openReader,
  openToFile,
  openToStream,
  ownBytes,
  reseal,
  resealBundle,
  rewrap,
  sealBundle,
  sealToFile,
  sealToStream,
  verify,
  verifyBundle,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { collect, pattern, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

// Test runners (Jest), node:vm and Electron hand over what was made in another realm: nothing of it is an `instanceof` of ours.
const temp = await temporary();
const keys = [new MemoryKey('one')];
const plaintext = pattern(5_000_000);
const [plain, sealed] = [temp.path(), temp.path()];
await writeFile(plain, plaintext);
await sealToFile(plain, sealed, { keys });
const bytes = new Uint8Array(await readFile(sealed));
const [directory, bundle] = [await temp.directory(), temp.path()];
await writeFile(join(directory, 'weights'), plaintext);
await sealBundle(directory, bundle, { keys });

const Foreign: typeof Uint8Array = runInNewContext('Uint8Array');
const foreign = (from: Uint8Array): Uint8Array => Foreign.from(from);
async function* inChunks(of: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < of.length; at += 700_000) yield foreign(of.subarray(at, at + 700_000));
}

/** As a realm of its own, and libraries for older systems, have it. */
class ForeignSignal extends EventTarget {
  aborted = false;
  reason: unknown;

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event('abort'));
  }
}
const asSignal = (signal: ForeignSignal) => signal as unknown as AbortSignal;

describe('bytes of another realm', () => {
  it('are bytes, and what only looks like them is not', () => {
    expect(ownBytes(foreign(plaintext.subarray(0, 3)))).toEqual(plaintext.slice(0, 3));
    expect(ownBytes(runInNewContext('new Uint8Array(2)'))).toBeInstanceOf(Uint8Array);
    const fakes = [{ [Symbol.toStringTag]: 'Uint8Array', length: 3 }, new Uint16Array(3), [1, 2, 3], 'abc'];
    for (const fake of fakes) expect(ownBytes(fake)).toBe(undefined);
  });

  it('are read as a buffer, from a source and from a stream', async () => {
    expect(await verify(bufferSource(foreign(bytes)), { keys })).toMatchObject({ digestVerified: true });
    const read = async (offset: number, length: number) => foreign(bytes.subarray(offset, offset + length));
    await using reader = await openReader({ size: bytes.length, read }, { keys });
    expect(await reader.read(4_000_000, 10)).toEqual(plaintext.slice(4_000_000, 4_000_010));
    expect(await verify(inChunks(bytes), { keys })).toMatchObject({ digestVerified: true });
  });

  it('are sealed', async () => {
    for (const input of [bufferSource(foreign(plaintext)), inChunks(plaintext)]) {
      const out = temp.path();
      await sealToFile(input, out, { keys });
      expect(await verify(out, { keys })).toMatchObject({ size: plaintext.length });
    }
  });

  it('are taken from a key provider', async () => {
    const [key] = keys;
    const provider = {
      provider: key!.provider,
      uri: key!.uri,
      wrap: async (...call: Parameters<MemoryKey['wrap']>) => {
        checkDataKey(foreign(call[0]));
        const wrapped = await key!.wrap(...call);
        return { ...wrapped, ciphertext: foreign(wrapped.ciphertext) };
      },
      unwrap: async (...call: Parameters<MemoryKey['unwrap']>) => foreign(await key!.unwrap(...call)),
    };
    const out = temp.path();
    await sealToFile(plain, out, { keys: runInNewContext('(key) => [key]')(provider) });
    expect(await verify(out, { keys: [provider] })).toMatchObject({ size: plaintext.length });
  });
});

describe('a signal of another realm', () => {
  type Signalled = { readonly signal: AbortSignal };
  const operations: Record<string, (options: Signalled & { keys: typeof keys }) => Promise<unknown>> = {
    sealToFile: (options) => sealToFile(plain, temp.path(), options),
    sealToStream: (options) => collect(sealToStream(plain, options)),
    openToFile: (options) => openToFile(sealed, temp.path(), options),
    openToStream: (options) => collect(openToStream(sealed, options)),
    verify: (options) => verify(sealed, options),
    rewrap: (options) => rewrap(sealed, options),
    reseal: (options) => reseal(sealed, options),
    sealBundle: (options) => sealBundle(directory, temp.path(), options),
    verifyBundle: (options) => verifyBundle(bundle, options),
    openTo: async ({ keys, signal }) => {
      await using reader = await openBundle(bundle, { keys });
      return await reader.openTo(temp.path(), { signal });
    },
    resealBundle: (options) => resealBundle(bundle, options),
  };

  it.each(Object.entries(operations))('%s takes it, and hears it', async (_name, operation) => {
    await operation({ keys, signal: asSignal(new ForeignSignal()) });
    const before = new ForeignSignal();
    before.abort(new Error('mine'));
    expect((await refusal(() => operation({ keys, signal: asSignal(before) }))).code).toBe('ABORTED');
    const meanwhile = new ForeignSignal();
    setImmediate(() => meanwhile.abort(new Error('mine')));
    expect((await refusal(() => operation({ keys, signal: asSignal(meanwhile) }))).code).toBe('ABORTED');
  });
});
