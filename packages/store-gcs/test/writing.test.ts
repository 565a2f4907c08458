import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { call, codeOf, json, refusal, serving, storeAt } from './server.js';
import { BYTES, checksum, object, ranges, send, sessions, UNIT } from './sessions.js';

describe('a put', () => {
  it('is one request with its checksum, and the condition', async () => {
    await using server = await serving((_, response) => json(response, 200, object(BYTES)));
    const written = await storeAt(server.url).put!('a', BYTES, { condition: { ifAbsent: true } }, call);
    expect(written).toEqual({ key: 'a', size: BYTES.length, version: '9' });
    const { url, body, headers } = server.seen[0]!;
    expect(url.pathname).toBe('/upload/storage/v1/b/models/o');
    expect(url.searchParams.get('ifGenerationMatch')).toBe('0');
    const [, boundary = ''] = /boundary=(\S+)/.exec(headers['content-type'] ?? '') ?? [];
    expect(body.includes(BYTES)).toBe(true);
    expect(body.toString('latin1').split(`--${boundary}`)).toHaveLength(4);
    expect(body.toString('latin1')).toContain(checksum(BYTES));
  });

  it.each([
    [{ ifAbsent: true } as const, 'OUTPUT_EXISTS'],
    [{ ifVersion: '8' }, 'INPUT_CHANGED'],
  ])('under %o that does not hold is %s', async (condition, code) => {
    await using server = await serving((_, response) => refusal(response, 412, 'conditionNotMet'));
    expect(await codeOf(storeAt(server.url).put!('a', BYTES, { condition }, call))).toBe(code);
  });

  it('that arrived changed is to be tried again', async () => {
    await using server = await serving((_, response) =>
      refusal(response, 400, 'invalid', 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C.'),
    );
    expect(await codeOf(storeAt(server.url).put!('a', BYTES, {}, call))).toBe('STORE_UNAVAILABLE');
  });

  it('whose answer has another checksum is removed again, that generation only', async () => {
    await using server = await serving(({ method }, response) => {
      if (method === 'DELETE') response.writeHead(204).end();
      else json(response, 200, object(BYTES, { crc32c: 'AAAAAA==' }));
    });
    expect(await codeOf(storeAt(server.url).put!('a', BYTES, {}, call))).toBe('STORE_RESPONSE_INVALID');
    const { method, url } = server.seen[1]!;
    expect([method, url.searchParams.get('ifGenerationMatch')]).toEqual(['DELETE', '9']);
  });
});

describe('an upload', () => {
  it('sends part after part, and what makes the object appear only when it is complete', async () => {
    await using server = await sessions();
    const upload = await storeAt(server.url).upload!(
      'a',
      { condition: { ifVersion: '8' }, size: BYTES.length },
      call,
    );
    expect(upload.rules).toMatchObject({ least: UNIT, multiple: UNIT, anyOrder: false });
    await send(upload);
    expect(server.kept().length).toBe(2 * UNIT);
    expect(await upload.complete(call)).toEqual({ key: 'a', size: BYTES.length, version: '9' });
    expect(server.kept().equals(BYTES)).toBe(true);
    expect(server.seen[0]!.url.searchParams.get('ifGenerationMatch')).toBe('8');
    expect(server.seen.at(-1)!.headers['x-goog-hash']).toBe(`crc32c=${checksum(BYTES)}`);
    expect(ranges(server)).toEqual([
      `bytes 0-${UNIT - 1}/*`,
      `bytes ${UNIT}-${2 * UNIT - 1}/*`,
      `bytes ${2 * UNIT}-${2 * UNIT + 4}/${2 * UNIT + 5}`,
    ]);
  });

  it.each([0, 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT])('of %i bytes is whole', async (length) => {
    await using server = await sessions();
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await send(upload, BYTES.subarray(0, length), 2 * UNIT);
    expect(server.kept().length).toBeLessThan(Math.max(1, length));
    expect((await upload.complete(call)).size).toBe(length);
    expect(server.kept().equals(BYTES.subarray(0, length))).toBe(true);
  });

  it('whose last part was not known to be the last is whole', async () => {
    await using server = await sessions();
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await upload.part({ index: 0, offset: 0, bytes: BYTES.subarray(0, UNIT), last: false }, call);
    expect((await upload.complete(call)).size).toBe(UNIT);
  });

  it('sends the rest where only some of a part was taken', async () => {
    let first = true;
    await using server = await sessions((seen, response) => {
      if (seen.method !== 'PUT' || !first) return false;
      first = false;
      server.take({
        ...seen,
        headers: { 'content-range': `bytes 0-${UNIT - 1}/*` },
        body: seen.body.subarray(0, UNIT),
      });
      response.writeHead(308, { range: `bytes=0-${UNIT - 1}` }).end();
      return true;
    });
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await send(upload, BYTES, 2 * UNIT);
    await upload.complete(call);
    expect(server.kept().equals(BYTES)).toBe(true);
  });

  it.each(['before', 'after'])(
    'asks what there is when a part is sent again, its first answer lost %s it was taken',
    async (when) => {
      let lost = false;
      await using server = await sessions((seen, response) => {
        if (seen.method !== 'PUT' || lost) return false;
        lost = true;
        if (when === 'after') server.take(seen);
        response.destroy();
        return true;
      });
      const upload = await storeAt(server.url).upload!('a', {}, call);
      expect(await codeOf(send(upload))).toBe('STORE_UNAVAILABLE');
      await send(upload);
      await upload.complete(call);
      expect(server.kept().equals(BYTES)).toBe(true);
      expect(ranges(server)[1]).toBe('bytes */*');
    },
  );

  it.each(['before', 'after'])(
    'is completed once more when the answer was lost %s it was whole',
    async (when) => {
      let lost = false;
      await using server = await sessions((seen, response) => {
        if (lost || !/\/\d+$/.test(seen.headers['content-range'] ?? '')) return false;
        lost = true;
        if (when === 'after') server.take(seen);
        response.destroy();
        return true;
      });
      const upload = await storeAt(server.url).upload!('a', {}, call);
      await send(upload);
      expect(await codeOf(upload.complete(call))).toBe('STORE_UNAVAILABLE');
      expect(await upload.complete(call)).toMatchObject({ size: BYTES.length, version: '9' });
      expect(server.kept().equals(BYTES)).toBe(true);
    },
  );

  it('loses where another has made the object meanwhile', async () => {
    await using server = await sessions((seen, response) => {
      if (!/\/\d+$/.test(seen.headers['content-range'] ?? '')) return false;
      refusal(response, 412, 'conditionNotMet');
      return true;
    });
    const upload = await storeAt(server.url).upload!('a', { condition: { ifAbsent: true } }, call);
    await send(upload);
    expect(await codeOf(upload.complete(call))).toBe('OUTPUT_EXISTS');
  });

  it('goes on where it began, whatever host its session names', async () => {
    await using elsewhere = await serving((_, response) => void response.end());
    await using server = await sessions(undefined, `${elsewhere.url}/upload/x?upload_id=1`);
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await send(upload);
    await upload.complete(call);
    expect(elsewhere.seen).toEqual([]);
  });

  it.each([
    ['took nothing', (response: ServerResponse) => response.writeHead(308).end(), 'STORE_UNAVAILABLE'],
    [
      'took more than there was',
      (response: ServerResponse) => response.writeHead(308, { range: 'bytes=0-999999999' }).end(),
      'STORE_RESPONSE_INVALID',
    ],
    [
      'does not say what it took',
      (response: ServerResponse) => response.writeHead(308, { range: 'all' }).end(),
      'STORE_RESPONSE_INVALID',
    ],
    ['is over', (response: ServerResponse) => response.writeHead(410).end(), 'INPUT_NOT_FOUND'],
  ])('to a session that %s ends', async (_, answer, code) => {
    await using server = await sessions(({ method }, response) => {
      if (method !== 'PUT') return false;
      answer(response);
      return true;
    });
    const upload = await storeAt(server.url).upload!('a', {}, call);
    const work = send(upload);
    expect(await codeOf(work)).toBe(code);
    await expect(work).rejects.not.toThrow(/SECRET-session/);
  });

  it('that arrived otherwise than it was sent is over: asked for again, it would be refused again', async () => {
    await using server = await sessions(({ headers }, response) => {
      if (headers['x-goog-hash'] === undefined) return false;
      refusal(response, 400, 'invalid', 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C.');
      return true;
    });
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await send(upload);
    expect(await codeOf(upload.complete(call))).toBe('STORE_RESPONSE_INVALID');
  });

  it('whose object has another checksum is removed again', async () => {
    await using server = await sessions(({ method, headers, url }, response) => {
      if (method === 'DELETE' && url.pathname.includes('/o/a')) response.writeHead(204).end();
      else if (/\/\d+$/.test(headers['content-range'] ?? ''))
        json(response, 200, object(BYTES, { crc32c: 'AAAAAA==' }));
      else return false;
      return true;
    });
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await send(upload);
    expect(await codeOf(upload.complete(call))).toBe('STORE_RESPONSE_INVALID');
    expect(server.seen.at(-1)!.method).toBe('DELETE');
  });

  it('is given up as often as one likes', async () => {
    await using server = await sessions();
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await upload.abort(call);
    await upload.abort(call);
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
    expect(await codeOf(upload.complete(call))).toBe('INPUT_NOT_FOUND');
  });
});
