import { setTimeout } from 'node:timers/promises';
import { createGcpKey } from '@weightseal/kms-gcp';
import { afterAll, describe, expect, it } from 'vitest';
import { GrpcServer } from './fake-grpc.js';
import { checksum, FakeKms, type Fields, type Method } from './fake-kms.js';
import { grpcKeyAt } from './keys.js';
import { start, transports } from './servers.js';

const CONTEXT = { model: 'm', version: '2' };
const dataKey = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe.each(transports)('over %s', async (transport) => {
  const kms = new FakeKms();
  const wire = await start(transport, kms);
  afterAll(() => wire[Symbol.asyncDispose]());

  it('a wrap names the version, and binds the canonical context', async () => {
    const fake = kms.key();
    const key = wire.key({ name: fake.name });
    const wrapped = await key.wrap(dataKey, CONTEXT);
    expect(wrapped).toMatchObject({
      keyUri: `gcp-kms://${fake.name}`,
      keyVersion: `${fake.name}/cryptoKeyVersions/1`,
      algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
    });
    const { plaintext } = fake.decrypt(wrapped.ciphertext, Buffer.from('{"model":"m","version":"2"}'));
    expect(plaintext).toEqual(Buffer.from(dataKey));
  });

  it('every checksum is sent', async () => {
    const fake = kms.key();
    const key = wire.key({ name: fake.name });
    // The fake verifies what comes, and says so only then.
    const said: Fields[] = [];
    kms.tamper = (_, answer) => {
      said.push(answer);
      return answer;
    };
    await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT);
    kms.tamper = (_, answer) => answer;
    expect(said[0]).toMatchObject({
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
    });
    expect(said[1]).toMatchObject({ plaintextCrc32c: checksum(dataKey) });
  });

  it('a pinned version wraps, and every version opens', async () => {
    const fake = kms.key();
    const key = wire.key({ name: fake.name });
    await key.rotate();
    const pinned = wire.key({ name: `${fake.name}/cryptoKeyVersions/1` });
    const [old, fresh] = [await pinned.wrap(dataKey, CONTEXT), await key.wrap(dataKey, CONTEXT)];
    expect(old).toMatchObject({
      keyUri: `gcp-kms://${fake.name}/cryptoKeyVersions/1`,
      keyVersion: `${fake.name}/cryptoKeyVersions/1`,
    });
    expect(fresh.keyVersion).toBe(`${fake.name}/cryptoKeyVersions/2`);
    for (const one of [key, pinned]) {
      for (const wrapped of [old, fresh]) expect(await one.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
    }
    kms.tamper = (_, answer) => ({ ...answer, name: `${fake.name}/cryptoKeyVersions/2` });
    await expect(pinned.wrap(dataKey, CONTEXT)).rejects.toEqual(code('KEY_RESPONSE_INVALID'));
    kms.tamper = (_, answer) => answer;
  });

  it('a slot of another key is refused before anything is asked', async () => {
    const fake = kms.key();
    const key = wire.key({ name: fake.name });
    const wrapped = await key.wrap(dataKey, CONTEXT);
    const before = kms.calls.length;
    for (const change of [
      { keyVersion: `${kms.key().name}/cryptoKeyVersions/1` },
      { keyVersion: wrapped.keyVersion.replace('europe-west1', 'global') },
      { keyVersion: wrapped.keyVersion.replace('weightseal-test', 'weightseal-evil') },
      { keyVersion: wrapped.keyVersion.replace('models', 'other') },
      { keyVersion: fake.name },
      { keyVersion: '1' },
      { keyVersion: '' },
      { keyVersion: `${wrapped.keyVersion}/../2` },
      { algorithm: 'AES-256-GCM' },
      { ciphertext: new Uint8Array() },
    ]) {
      await expect(key.unwrap({ ...wrapped, ...change }, CONTEXT)).rejects.toMatchObject({
        code: 'UNWRAP_REJECTED',
        message: expect.stringMatching(/put back an intact copy/i),
      });
    }
    expect(kms.calls.length).toBe(before);
  });

  it('a project asked for by its number may answer by its ID', async () => {
    const fake = kms.key({ project: '123456789012' });
    const key = wire.key({ name: fake.name });
    const named = (_: Method, answer: Fields) => ({
      ...answer,
      name: String(answer['name']).replace('123456789012', 'my-project'),
    });
    kms.tamper = named;
    const wrapped = await key.wrap(dataKey, CONTEXT);
    kms.tamper = (_, answer) => answer;
    expect(wrapped.keyVersion).toContain('projects/my-project/');
    expect(await key.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
  });

  it('the ciphertext and the data key are in memory of their own', async () => {
    const key = wire.key({ name: kms.key().name });
    const wrapped = await key.wrap(dataKey, CONTEXT);
    const unwrapped = await key.unwrap(wrapped, CONTEXT);
    for (const bytes of [wrapped.ciphertext, unwrapped]) expect(bytes.buffer.byteLength).toBe(bytes.length);
  });

  it('an abort and the deadline end the request itself, and the wrapper works on', async () => {
    const { name } = kms.key();
    const [key, hurried] = [wire.key({ name }), wire.key({ name, deadlineMs: 500 })];
    await Promise.all([key, hurried].map((one) => one.wrap(dataKey, CONTEXT)));
    const { server } = wire;
    server.silent = true;
    const controller = new AbortController();
    const outcomes = Promise.allSettled([
      key.wrap(dataKey, CONTEXT, controller),
      hurried.wrap(dataKey, CONTEXT),
    ]);
    const all = server.arrived + 2;
    while (server.arrived < all) await setTimeout(5);
    expect(server.abandoned).toBe(0);
    controller.abort();
    const codes = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
    expect(codes).toEqual(['ABORTED', 'KEY_TIMEOUT']);
    // Long before the deadline of the first, which is 10 s.
    const patience = Date.now() + 3000;
    while (server.abandoned < 2 && Date.now() < patience) await setTimeout(5);
    expect(server.abandoned).toBe(2);
    server.silent = false;
    await key.wrap(dataKey, CONTEXT);
  });

  it('a context of 4 KiB fits an HSM key, whose limit is 8 KiB', async () => {
    const key = wire.key({ name: kms.key({ protection: 'HSM' }).name });
    const context = { big: 'x'.repeat(4096 - '{"big":""}'.length) };
    expect(await key.unwrap(await key.wrap(dataKey, context), context)).toEqual(dataKey);
  });
});

describe('the plaintext that the SDK gives', () => {
  const name = 'projects/my-project/locations/global/keyRings/models/cryptoKeys/weights';
  const wrapped = {
    keyUri: `gcp-kms://${name}`,
    keyVersion: `${name}/cryptoKeyVersions/1`,
    algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
    ciphertext: new Uint8Array(80),
  };

  it.each([
    ['is sound', Buffer.from(dataKey), checksum(dataKey), undefined],
    ['has a wrong checksum', Buffer.from(dataKey), { value: '1' }, 'KEY_RESPONSE_INVALID'],
    ['has the wrong length', Buffer.alloc(16, 1), checksum(Buffer.alloc(16, 1)), 'KEY_RESPONSE_INVALID'],
  ])('is zeroed when it %s', async (_, plaintext, plaintextCrc32c, expected) => {
    const answer = () => Object.assign(Promise.resolve([{ plaintext, plaintextCrc32c }]), { cancel() {} });
    const client = { initialize: async () => ({}) as never, innerApiCalls: { decrypt: answer } };
    const outcome = await createGcpKey({ name, client })
      .unwrap(wrapped, CONTEXT)
      .catch((error: { code: string }) => error.code);
    expect(outcome).toEqual(expected ?? dataKey);
    expect(plaintext.every((byte) => byte === 0)).toBe(true);
  });
});

it('a time that no calendar has is told as none', async () => {
  const kms = new FakeKms();
  await using server = await GrpcServer.start(kms);
  const key = grpcKeyAt(server.address, { name: kms.key().name });
  kms.tamper = (_, answer) => ({
    ...answer,
    rotationPeriod: { seconds: '86400' },
    nextRotationTime: { seconds: '999999999999999' },
  });
  expect(await key.rotationStatus()).toEqual({ automatic: true, everyDays: 1 });
});

it('an answer over gRPC of more than 1 MiB is refused, and not asked for again', async () => {
  const kms = new FakeKms();
  await using server = await GrpcServer.start(kms);
  const key = grpcKeyAt(server.address, { name: kms.key().name });
  kms.tamper = (_, answer) => ({ ...answer, ciphertext: Buffer.alloc(1024 * 1024) });
  await expect(key.wrap(dataKey, CONTEXT)).rejects.toEqual(code('KEY_RESPONSE_INVALID'));
  expect(kms.calls.length).toBe(1);
});

describe('a request', () => {
  it('is routed by the name of its key', async () => {
    const kms = new FakeKms();
    await using server = await GrpcServer.start(kms);
    const fake = kms.key();
    const key = grpcKeyAt(server.address, { name: fake.name });
    await key.unwrap(await key.wrap(dataKey, CONTEXT), CONTEXT);
    await key.rotate();
    await key.scheduleRotation(30);
    const name = encodeURIComponent(fake.name);
    const version = encodeURIComponent(fake.versions[1]!.name);
    expect(server.routed).toEqual([
      `name=${name}`,
      `name=${name}`,
      `parent=${name}`,
      `name=${version}`,
      `name=${name}`,
      `crypto_key.name=${name}`,
    ]);
  });
});
