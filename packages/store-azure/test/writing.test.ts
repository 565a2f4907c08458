import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bytesOf, call, codeOf, refusal, type Seen, type Server, serving, storeAt } from './server.js';

const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 31) & 255));
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('base64');

describe('a put', () => {
  it('is one request with its checksum, and the condition', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(201, { etag: '"0x1"', 'content-md5': md5(BYTES) }).end();
    });
    const written = await storeAt(server.url).put!('a', BYTES, { condition: { ifAbsent: true } }, call);
    expect(written).toMatchObject({ key: 'a', size: 1000, version: '"0x1"' });
    const { headers, body } = server.seen[0]!;
    expect(headers).toMatchObject({ 'if-none-match': '*', 'content-md5': md5(BYTES) });
    expect(body.equals(BYTES)).toBe(true);
  });

  it.each<[object, number, string, string]>([
    [{ ifAbsent: true }, 409, 'BlobAlreadyExists', 'OUTPUT_EXISTS'],
    [{ ifAbsent: true }, 412, 'ConditionNotMet', 'OUTPUT_EXISTS'],
    [{ ifAbsent: true }, 403, 'UnauthorizedBlobOverwrite', 'OUTPUT_EXISTS'],
    [{ ifVersion: '"0x0"' }, 412, 'ConditionNotMet', 'INPUT_CHANGED'],
    [{ ifVersion: '"0x0"' }, 412, 'LeaseIdMissing', 'STORE_DENIED'],
  ])('under %o that is answered with %i %s is %s', async (condition, status, code, ours) => {
    await using server = await serving((_, response) => refusal(response, status, code));
    const options = { condition: condition as { ifAbsent: true } };
    expect(await codeOf(storeAt(server.url).put!('a', BYTES, options, call))).toBe(ours);
  });

  it('whose answer has another checksum is refused', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(201, { etag: '"0x1"', 'content-md5': md5(BYTES.subarray(1)) }).end();
    });
    expect(await codeOf(storeAt(server.url).put!('a', BYTES, {}, call))).toBe('STORE_RESPONSE_INVALID');
  });
});

interface Fake extends Server {
  readonly blob: () => Buffer;
  etag: string;
}

/** One blob with its blocks, as Azure keeps them. `spoilt` answers instead, where it says so. */
async function blocks(
  committed: readonly (readonly [string, Buffer])[] = [],
  spoilt: (seen: Seen, response: ServerResponse, fake: Fake) => boolean | undefined = () => false,
): Promise<Fake> {
  let blob = [...committed];
  let exists = committed.length > 0;
  const staged = new Map<string, Buffer>();
  const whole = () => Buffer.concat(blob.map(([, bytes]) => bytes));
  const server = await serving((seen, response) => {
    if (spoilt(seen, response, fake)) return;
    const { method, url, headers, body } = seen;
    response.setHeader('etag', fake.etag);
    if (method === 'GET' && url.searchParams.get('comp') === 'blocklist') {
      if (!exists) return refusal(response, 404, 'BlobNotFound');
      const list = blob.map(
        ([name, { length }]) => `<Block><Name>${name}</Name><Size>${length}</Size></Block>`,
      );
      response.setHeader('content-type', 'application/xml');
      response.end(
        `<?xml version="1.0"?><BlockList><CommittedBlocks>${list.join('')}</CommittedBlocks></BlockList>`,
      );
    } else if (method === 'GET') {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-ms-range'])) ?? [];
      const piece = whole().subarray(Number(from), Number(to) + 1);
      const end = Number(from) + piece.length - 1;
      response.setHeader('content-range', `bytes ${from}-${end}/${whole().length}`);
      response.writeHead(206, { 'content-length': String(piece.length) }).end(piece);
    } else if (method === 'HEAD') {
      response.writeHead(200, { 'content-length': String(whole().length) }).end();
    } else if (url.searchParams.get('comp') === 'block') {
      staged.set(url.searchParams.get('blockid')!, body);
      response.writeHead(201, { 'content-md5': md5(body) }).end();
    } else {
      if (headers['if-none-match'] === '*' && exists) return refusal(response, 409, 'BlobAlreadyExists');
      if (headers['if-match'] && headers['if-match'] !== fake.etag)
        return refusal(response, 412, 'ConditionNotMet');
      const names = [...body.toString().matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, name]) => name!);
      const old = new Map(blob);
      const found = names.map((name) => [name, staged.get(name) ?? old.get(name)] as const);
      if (found.some(([, bytes]) => !bytes)) return refusal(response, 400, 'InvalidBlockList');
      blob = found as [string, Buffer][];
      exists = true;
      fake.etag = `"0x${Number(fake.etag.slice(3, -1)) + 1}"`;
      response.writeHead(201, { etag: fake.etag }).end();
    }
    return undefined;
  });
  const fake: Fake = Object.assign(server, { blob: whole, etag: '"0x10"' });
  return fake;
}

const PARTS = [BYTES.subarray(0, 300), BYTES.subarray(300, 600), BYTES.subarray(600)];
const part = (index: number) => ({ index, offset: index * 300, bytes: PARTS[index]!, last: index === 2 });
const methods = ({ seen }: Server) =>
  seen.map(({ method, url }) => `${method} ${url.searchParams.get('comp') ?? ''}`);
const isCommit = ({ method, url }: Seen) => method === 'PUT' && url.searchParams.get('comp') === 'blocklist';

describe('an upload', () => {
  it('takes its parts in any order, and the blob appears with the list of them', async () => {
    await using server = await blocks();
    const upload = await storeAt(server.url).upload!('a', { condition: { ifAbsent: true } }, call);
    expect(upload.rules).toMatchObject({ anyOrder: true, count: 50_000 });
    for (const index of [2, 0, 1]) await upload.part(part(index), call);
    expect(server.blob()).toHaveLength(0);
    expect(await upload.complete(call)).toMatchObject({ key: 'a', size: 1000, version: '"0x11"' });
    expect(server.blob().equals(BYTES)).toBe(true);
    expect(server.seen[0]!.headers['content-md5']).toBe(md5(PARTS[2]!));
  });

  it('of a part that is sent again has it once', async () => {
    await using server = await blocks();
    const upload = await storeAt(server.url).upload!('a', {}, call);
    for (const index of [0, 1, 1, 2]) await upload.part(part(index), call);
    await upload.complete(call);
    expect(server.blob().equals(BYTES)).toBe(true);
  });

  it('of nothing is an empty blob', async () => {
    await using server = await blocks();
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await upload.part({ index: 0, offset: 0, bytes: new Uint8Array(), last: true }, call);
    expect((await upload.complete(call)).size).toBe(0);
    expect(methods(server)).toEqual(['PUT blocklist']);
  });

  it('loses where another has made the blob meanwhile', async () => {
    await using server = await blocks([['eA==', Buffer.from('x')]]);
    const upload = await storeAt(server.url).upload!('a', { condition: { ifAbsent: true } }, call);
    await upload.part(part(0), call);
    expect(await codeOf(upload.complete(call))).toBe('OUTPUT_EXISTS');
  });

  it('whose blocks somebody else’s list has dropped is told', async () => {
    await using server = await blocks([], (seen, response) => {
      if (isCommit(seen)) refusal(response, 400, 'InvalidBlockList');
      return isCommit(seen);
    });
    const upload = await storeAt(server.url).upload!('a', {}, call);
    await upload.part(part(0), call);
    expect(await codeOf(upload.complete(call))).toBe('INPUT_CHANGED');
  });

  it('that won, and whose answer was lost, is not taken for one that lost', async () => {
    let first = true;
    await using server = await blocks([], (seen, response) => {
      if (!isCommit(seen) || !first) return false;
      first = false;
      // It is done, and nobody hears of it.
      response.end = (() => response.destroy()) as typeof response.end;
      return false;
    });
    const upload = await storeAt(server.url).upload!('a', { condition: { ifAbsent: true } }, call);
    for (const index of [0, 1, 2]) await upload.part(part(index), call);
    expect(await codeOf(upload.complete(call))).toBe('STORE_UNAVAILABLE');
    expect(await upload.complete(call)).toMatchObject({ size: 1000, version: '"0x11"' });
  });

  it('that lost is told so as often as it asks', async () => {
    await using server = await blocks([['eA==', Buffer.from('x')]]);
    const upload = await storeAt(server.url).upload!('a', { condition: { ifAbsent: true } }, call);
    await upload.part(part(0), call);
    expect(await codeOf(upload.complete(call))).toBe('OUTPUT_EXISTS');
    expect(await codeOf(upload.complete(call))).toBe('OUTPUT_EXISTS');
  });
});

/** A blob of three blocks, as this package writes it. */
const named = (i: number) => Buffer.from(`0123456789abcdef0123456${i}`.padEnd(32, '0')).toString('base64');
const OLD = PARTS.map((bytes, i) => [named(i), bytes] as const);

describe('what replaces the head of a blob', () => {
  const replacing = async (server: Fake) => {
    const store = storeAt(server.url);
    const from = await store.stat('a', call);
    return {
      from,
      upload: await store.upload!('a', { condition: { ifVersion: from.version }, size: 1000 }, call),
    };
  };

  it.each([
    [300, 'no byte is moved where it ends with a block', []],
    [100, 'only what is left of the block that it ends in is moved', [200]],
    [310, 'only what is left of the block that it ends in is moved', [290]],
  ])('of %i bytes leaves the other blocks where they are: %s', async (head, _, moved) => {
    await using server = await blocks(OLD);
    const { from, upload } = await replacing(server);
    const bytes = Buffer.alloc(head, 1);
    await upload.part({ index: 0, offset: 0, bytes, last: false }, call);
    await upload.copy!({ index: 1, from, offset: head, length: 1000 - head }, call);
    expect((await upload.complete(call)).size).toBe(1000);
    expect(server.blob().equals(Buffer.concat([bytes, BYTES.subarray(head)]))).toBe(true);
    const staged = server.seen.filter(({ url }) => url.searchParams.get('comp') === 'block');
    expect(staged.map(({ body }) => body.length)).toEqual([head, ...moved]);
  });

  it('of several ranges moves nothing at their seams', async () => {
    const ten = Array.from(
      { length: 10 },
      (_, i) => [named(i), BYTES.subarray(i * 100, i * 100 + 100)] as const,
    );
    await using server = await blocks(ten);
    const { from, upload } = await replacing(server);
    const bytes = Buffer.alloc(50, 1);
    await upload.part({ index: 0, offset: 0, bytes, last: false }, call);
    await Promise.all(
      [
        [50, 370],
        [420, 330],
        [750, 250],
      ].map(([offset, length], i) =>
        upload.copy!({ index: i + 1, from, offset: offset!, length: length! }, call),
      ),
    );
    expect((await upload.complete(call)).size).toBe(1000);
    expect(server.blob().equals(Buffer.concat([bytes, BYTES.subarray(50)]))).toBe(true);
    const staged = server.seen.filter(({ url }) => url.searchParams.get('comp') === 'block');
    expect(staged.map(({ body }) => body.length)).toEqual([50, 50]);
  });

  it('may end within a block, which is cut then', async () => {
    await using server = await blocks(OLD);
    const { from, upload } = await replacing(server);
    await upload.copy!({ index: 0, from, offset: 10, length: 610 }, call);
    await upload.part({ index: 1, offset: 610, bytes: Buffer.alloc(5, 1), last: true }, call);
    expect((await upload.complete(call)).size).toBe(615);
    expect(server.blob().equals(Buffer.concat([BYTES.subarray(10, 620), Buffer.alloc(5, 1)]))).toBe(true);
  });

  it('is refused where the blob is another by now', async () => {
    await using server = await blocks(OLD);
    const store = storeAt(server.url);
    const from = await store.stat('a', call);
    server.etag = '"0x99"';
    expect(await codeOf(store.upload!('a', { condition: { ifVersion: from.version } }, call))).toBe(
      'INPUT_CHANGED',
    );
  });

  it('is refused where the blob becomes another before the end: one wins, the other is told', async () => {
    await using server = await blocks(OLD);
    const [one, other] = [await replacing(server), await replacing(server)];
    for (const { upload, from } of [one, other]) {
      await upload.part({ index: 0, offset: 0, bytes: Buffer.alloc(300, 2), last: false }, call);
      await upload.copy!({ index: 1, from, offset: 300, length: 700 }, call);
    }
    await other.upload.complete(call);
    expect(await codeOf(one.upload.complete(call))).toBe('INPUT_CHANGED');
  });
});

describe('a copy of what has no blocks to go on with', () => {
  const isCopy = ({ headers }: Seen) => headers['x-ms-copy-source'] !== undefined;

  it('is Azure’s to make, of a range of the very version', async () => {
    await using server = await blocks(OLD, (seen, response) => {
      if (isCopy(seen)) response.writeHead(201).end();
      return isCopy(seen);
    });
    const store = storeAt(server.url);
    const from = await store.stat('b', call);
    const upload = await store.upload!('a', {}, call);
    await upload.copy!({ index: 0, from, offset: 10, length: 500 }, call);
    const asked = server.seen.find(isCopy)!;
    expect(asked.headers['x-ms-source-range']).toBe('bytes=10-509');
    expect(asked.headers['x-ms-copy-source']).toContain('/models/b');
  });

  it('is refused where that version was replaced meanwhile', async () => {
    await using server = await blocks(OLD, (seen, response, fake) => {
      if (!isCopy(seen)) return false;
      fake.etag = '"0x99"';
      response.writeHead(201).end();
      return true;
    });
    const store = storeAt(server.url);
    const from = await store.stat('b', call);
    const upload = await store.upload!('a', {}, call);
    expect(await codeOf(upload.copy!({ index: 0, from, offset: 0, length: 500 }, call))).toBe(
      'INPUT_CHANGED',
    );
  });

  it.each<[number, string, string]>([
    [501, 'NotImplemented', 'STORE_UNSUPPORTED'],
    [403, 'CannotVerifyCopySource', 'STORE_UNSUPPORTED'],
    [503, 'ServerBusy', 'STORE_THROTTLED'],
    [403, 'AuthorizationPermissionMismatch', 'STORE_DENIED'],
  ])('that is answered with %i %s is %s', async (status, code, ours) => {
    await using server = await blocks(OLD, (seen, response) => {
      if (isCopy(seen)) refusal(response, status, code);
      return isCopy(seen);
    });
    const store = storeAt(server.url);
    const from = await store.stat('b', call);
    const upload = await store.upload!('a', {}, call);
    expect(await codeOf(upload.copy!({ index: 0, from, offset: 0, length: 500 }, call))).toBe(ours);
  });
});

it('reads back what it wrote', async () => {
  await using server = await blocks(OLD);
  const { body } = await storeAt(server.url).read('a', { offset: 250, length: 100 }, call);
  expect((await bytesOf(body)).equals(BYTES.subarray(250, 350))).toBe(true);
});
