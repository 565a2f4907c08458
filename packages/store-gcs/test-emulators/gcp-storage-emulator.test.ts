import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { call, codeOf } from '../test/server.js';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_GCP_STORAGE_EMULATOR';
const emulator = await emulatorAt(VARIABLE);
const UNIT = 262_144;

/** It says of no download which generation it is, and heeds no condition: so nothing is read of it, and the contract is not for it. It knows how sessions go on. */
describe.skipIf(!emulator)(`gcp-storage-emulator, skipped unless ${VARIABLE} is its URL`, () => {
  if (!emulator) return;
  const { store } = emulator;

  it('has what was put, until it is removed', async () => {
    const bytes = randomBytes(100_000);
    const written = await store.put!('put/a', bytes, {}, call);
    expect(await store.stat('put/a', call)).toEqual(written);
    expect(await Array.fromAsync(store.list!('put/', { oneLevel: false }, call))).toEqual([written]);
    await store.remove!('put/a', {}, call);
    expect(await codeOf(store.stat('put/a', call))).toBe('INPUT_NOT_FOUND');
  });

  it('has what was uploaded in parts, once it is complete', async () => {
    const bytes = randomBytes(3 * UNIT + 5);
    const upload = await store.upload!('upload/a', { size: bytes.length }, call);
    await upload.part({ index: 0, offset: 0, bytes: bytes.subarray(0, UNIT), last: false }, call);
    await upload.part({ index: 1, offset: UNIT, bytes: bytes.subarray(UNIT), last: true }, call);
    expect(await codeOf(store.stat('upload/a', call))).toBe('INPUT_NOT_FOUND');
    const written = await upload.complete(call);
    expect(await store.stat('upload/a', call)).toEqual(written);
  });

  it('has what goes on where it was cut off', async () => {
    const bytes = randomBytes(3 * UNIT + 5);
    const of = { size: bytes.length, partBytes: UNIT };
    const part = (index: number) => {
      const offset = index * UNIT;
      return { index, offset, bytes: bytes.subarray(offset, offset + UNIT), last: index === 3 };
    };
    const begun = await store.upload!('resumed/a', { size: bytes.length }, call);
    for (const index of [0, 1]) await begun.part(part(index), call);
    const upload = await store.resume!('resumed/a', { ...of, ticket: begun.ticket! }, call);
    expect([...upload.taken!]).toEqual([0, 1]);
    for (const index of [2, 3]) await upload.part(part(index), call);
    const written = await upload.complete(call);
    expect(await store.stat('resumed/a', call)).toEqual(written);
  });

  it('is not read, since it does not say which generation comes', async () => {
    await store.put!('read/a', randomBytes(10), {}, call);
    expect(await codeOf(store.read('read/a', { offset: 0, length: 5 }, call))).toBe('STORE_RESPONSE_INVALID');
  });
});
