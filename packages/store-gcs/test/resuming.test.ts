import { describe, expect, it } from 'vitest';
import { call, codeOf, storeAt } from './server.js';
import { BYTES, checksum, ranges, sessions, UNIT } from './sessions.js';

const OF = { size: BYTES.length, partBytes: UNIT };
const part = (index: number) => {
  const offset = index * UNIT;
  const bytes = BYTES.subarray(offset, offset + UNIT);
  return { index, offset, bytes, last: offset + UNIT >= BYTES.length };
};

/** As many parts as told, and the ticket that there is then. */
async function begun(url: string, parts: number) {
  const store = storeAt(url);
  const upload = await store.upload!('a', { size: BYTES.length }, call);
  for (let index = 0; index < parts; index++) await upload.part(part(index), call);
  return { store, ticket: upload.ticket! };
}

describe('a session that was cut off', () => {
  it.each([0, 1, 2, 3])('after %i parts goes on, with the checksum of all', async (parts) => {
    await using server = await sessions();
    const { store, ticket } = await begun(server.url, parts);
    const before = ranges(server).length;
    const upload = await store.resume!('a', { ...OF, ticket }, call);
    const taken = [...upload.taken!];
    expect(taken).toEqual([0, 1].slice(0, parts));
    for (let index = taken.length; index < 3; index++) await upload.part(part(index), call);
    await upload.complete(call);
    expect(server.kept().equals(BYTES)).toBe(true);
    expect(server.seen.at(-1)!.headers['x-goog-hash']).toBe(`crc32c=${checksum(BYTES)}`);
    expect(ranges(server)[before]).toBe('bytes */*');
    expect(ranges(server)).toHaveLength(before + 1 + Math.max(0, 2 - parts) + 1);
  });

  it('with more there than was written down counts that, and does not send it again', async () => {
    await using server = await sessions();
    const store = storeAt(server.url);
    const first = await store.upload!('a', { size: BYTES.length }, call);
    await first.part(part(0), call);
    const { ticket } = first;
    await first.part(part(1), call);
    const before = ranges(server).length;
    const upload = await store.resume!('a', { ...OF, ticket: ticket! }, call);
    expect([...upload.taken!]).toEqual([0]);
    for (const index of [1, 2]) await upload.part(part(index), call);
    await upload.complete(call);
    expect(server.kept().equals(BYTES)).toBe(true);
    expect(server.seen.at(-1)!.headers['x-goog-hash']).toBe(`crc32c=${checksum(BYTES)}`);
    expect(ranges(server).slice(before)).toEqual([
      'bytes */*',
      `bytes ${2 * UNIT}-${2 * UNIT + 4}/${BYTES.length}`,
    ]);
  });

  it.each([
    ['is gone', 410, {}],
    ['has less than was counted', 308, {}],
    ['has more than there is', 308, { range: `bytes=0-${BYTES.length}` }],
  ])('and %s is begun anew', async (_, status, headers) => {
    let over = false;
    await using server = await sessions((__, response) => {
      if (over) response.writeHead(status, headers).end();
      return over;
    });
    const { store, ticket } = await begun(server.url, 1);
    over = true;
    expect(await codeOf(store.resume!('a', { ...OF, ticket }, call))).toBe('INPUT_NOT_FOUND');
  });

  it('and is complete is over', async () => {
    await using server = await sessions();
    const { store, ticket } = await begun(server.url, 2);
    const upload = await store.resume!('a', { ...OF, ticket }, call);
    await upload.part(part(2), call);
    await upload.complete(call);
    expect(await codeOf(store.resume!('a', { ...OF, ticket }, call))).toBe('INPUT_NOT_FOUND');
  });

  it.each(['', 'x', '{}', '{"url":1,"summed":0,"crc":0}', '{"url":"/u","summed":-1,"crc":0}', 'null'])(
    'is not found by the ticket %j',
    async (ticket) => {
      await using server = await sessions();
      expect(await codeOf(storeAt(server.url).resume!('a', { ...OF, ticket }, call))).toBe('INPUT_NOT_FOUND');
      expect(server.seen).toEqual([]);
    },
  );

  it('is asked of nobody but the host of the store', async () => {
    await using elsewhere = await sessions();
    await using server = await sessions();
    const ticket = JSON.stringify({ url: `${elsewhere.url}/upload/x?upload_id=1`, summed: 0, crc: 0 });
    await storeAt(server.url).resume!('a', { ...OF, ticket }, call);
    expect([elsewhere.seen.length, server.seen.length]).toEqual([0, 1]);
  });
});
