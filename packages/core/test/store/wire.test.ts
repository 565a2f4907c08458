// Core's own reading over HTTP/1.1, against servers that write what they are told, byte for byte.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { openWire, type Wire } from '@weightseal/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What the server does with each connection, with the requests that have come on it. */
type Script = (socket: Socket, request: string, nth: number) => void;

let server: Server;
let origin = '';
let script: Script = () => {};
let connections = 0;
let wire: Wire;

beforeEach(async () => {
  connections = 0;
  server = createServer({ noDelay: true }, (socket) => {
    connections++;
    let nth = 0;
    let text = '';
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        text += bytes.toString('latin1');
        for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
          script(socket, text.slice(0, end), nth++);
          text = text.slice(end + 4);
        }
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  wire = await openWire();
});
afterEach(async () => {
  wire.close();
  server.close();
  await once(server, 'close');
});

const never = new AbortController().signal;
const get = (path = '/', headers = {}, signal = never) => wire.get({ origin, path, headers }, signal);
const head = (...lines: string[]) =>
  `HTTP/1.1 206 Partial Content\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const read = async (path?: string) => bytesOf((await get(path)).body);

describe('what is read over the wire', () => {
  it('is what was asked for, to the letter, with the headers that were given', async () => {
    let asked = '';
    script = (socket, request) => {
      asked = request;
      socket.write(`${head('Content-Length: 2', 'ETag: "a"')}ok`);
    };
    const answer = await get('/a%2Fb?x-id=GetObject', { Range: 'bytes=0-1', host: 'elsewhere' });
    expect(asked.split('\r\n')).toEqual([
      'GET /a%2Fb?x-id=GetObject HTTP/1.1',
      'host: elsewhere',
      'range: bytes=0-1',
      'connection: keep-alive',
    ]);
    expect([answer.status, answer.headers.get('etag'), `${await bytesOf(answer.body)}`]).toEqual([
      206,
      '"a"',
      'ok',
    ]);
  });

  it('is the same, however it was cut into pieces and framed', async () => {
    const body = fc.uint8Array({ minLength: 0, maxLength: 3000 });
    const cuts = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        body,
        cuts,
        cuts,
        fc.constantFrom('length', 'chunked', 'close'),
        async (bytes, cut, chunks, framing) => {
          const answer = Buffer.concat(framed(Buffer.from(bytes), framing, chunks));
          script = (socket) => {
            let at = 0;
            for (let n = 0; at < answer.length; n++) {
              const length = cut[n % cut.length]!;
              socket.write(answer.subarray(at, at + length));
              at += length;
            }
            if (framing === 'close') socket.end();
          };
          expect(Buffer.compare(await read(), Buffer.from(bytes))).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('comes on the connection of the one before, once that was read to its end', async () => {
    script = (socket) => socket.write(`${head('content-length: 3')}abc`);
    for (let n = 0; n < 5; n++) expect(`${await read()}`).toBe('abc');
    expect(connections).toBe(1);
    for await (const _ of (await get()).body) break;
    (await get()).drop();
    expect(`${await read()}`).toBe('abc');
    expect(connections).toBeGreaterThan(2);
  });

  it('comes on a new connection where the server has closed the one before', async () => {
    script = (socket, _, nth) => {
      if (nth === 0) socket.write(`${head('content-length: 1')}a`);
      else socket.destroy();
    };
    expect(`${await read()}${await read()}`).toBe('aa');
    expect(connections).toBe(2);
  });

  it.each(['connection: close', 'Connection: Close'])('comes on a new one after %s', async (line) => {
    script = (socket) => socket.write(`${head('content-length: 1', line)}a`);
    await read();
    await read();
    expect(connections).toBe(2);
  });

  it('does not use a connection again on which more came than was said', async () => {
    script = (socket) => socket.write(`${head('content-length: 1')}aHTTP/1.1 206 Smuggled\r\n\r\n`);
    await read();
    await read();
    expect(connections).toBe(2);
  });

  it('is the answer itself, after those that say that it is coming', async () => {
    script = (socket) =>
      socket.write(
        `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${head('content-length: 1')}a`,
      );
    expect(`${await read()}`).toBe('a');
  });

  it('waits in the kernel while its reader is busy, so that memory is bounded', async () => {
    const size = 32 << 20;
    script = (socket) => {
      socket.write(head(`content-length: ${size}`));
      socket.write(Buffer.alloc(size));
    };
    let most = 0;
    let all = 0;
    for await (const piece of (await get()).body) {
      most = Math.max(most, piece.length);
      all += piece.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(all).toBe(size);
    expect(most).toBeLessThanOrEqual(262_144);
  });
});

describe('an answer over the wire is refused', () => {
  it.each([
    ['that is no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['of another version', 'HTTP/2 200 OK\r\n\r\n'],
    ['with a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['that switches to another protocol', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['with two lengths', head('content-length: 1', 'content-length: 2')],
    ['with a length and chunks', head('content-length: 1', 'transfer-encoding: chunked')],
    ['in a coding that nobody asked for', head('transfer-encoding: gzip, chunked')],
    ['with a length that is none', head('content-length: 0x10')],
    ['with a negative length', head('content-length: -1')],
    ['with a header that goes on in the next line', head('etag: a', ' b')],
    ['with a blank before the colon', head('content-length : 1')],
    ['with a control character in a header', head('etag: a\x07b')],
    ['with a head without end', `HTTP/1.1 206 OK\r\n${'a: b\r\n'.repeat(20_000)}`],
    ['that only says that it is coming', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(11)],
  ])('%s', async (_, answer) => {
    script = (socket) => socket.write(answer, 'latin1');
    await expect(get()).rejects.toMatchObject({ code: 'HPE_WIRE' });
  });

  it.each([
    ['a chunk that does not say how long it is', 'x\r\n'],
    ['a chunk that is longer than it says', '1\r\nab\r\n0\r\n\r\n'],
    ['a length that is too long', '1ffffffff\r\n'],
    ['a line without end', 'a'.repeat(10_000)],
    ['a line that ends with a newline alone', '1\na\r\n0\r\n\r\n'],
    ['trailers without end', `0\r\n${'a: b\r\n'.repeat(500)}`],
  ])('with %s', async (_, body) => {
    script = (socket) => socket.write(head('transfer-encoding: chunked') + body, 'latin1');
    const { body: pieces } = await get();
    await expect(bytesOf(pieces)).rejects.toMatchObject({ code: 'HPE_WIRE' });
  });

  it.each([
    ['its head', 'HTTP/1.1 206 Partial'],
    ['its body', `${head('content-length: 9')}abc`],
    ['a chunk', `${head('transfer-encoding: chunked')}9\r\nabc`],
    ['nothing', ''],
  ])('that ends within %s, as one that may be whole the next time', async (_, answer) => {
    script = (socket) => socket.end(answer);
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('a request over the wire', () => {
  it.each(['no-slash', '/a b', '/a\r\nx: y', '/ü'])('cannot have the path %j', async (path) => {
    await expect(get(path)).rejects.toMatchObject({ code: 'HPE_WIRE' });
    expect(connections).toBe(0);
  });

  it.each([{ 'a b': 'c' }, { a: 'b\r\nc: d' }, { a: 'b\0' }])(
    'cannot have the header %j',
    async (headers) => {
      await expect(get('/', headers)).rejects.toMatchObject({ code: 'HPE_WIRE' });
      expect(connections).toBe(0);
    },
  );

  it('ends at once by its signal, before the answer and within it', async () => {
    const reason = new Error('enough');
    const first = new AbortController();
    const closed = new Promise<void>((resolve) => {
      script = (socket) => {
        socket.once('close', () => resolve());
        first.abort(reason);
      };
    });
    await expect(get('/', {}, first.signal)).rejects.toBe(reason);
    await closed;
    script = (socket) => socket.write(`${head('content-length: 9')}abc`);
    const second = new AbortController();
    const { body } = await get('/', {}, second.signal);
    const reading = bytesOf(body);
    setImmediate(() => second.abort(reason));
    await expect(reading).rejects.toBe(reason);
    await expect(get('/', {}, second.signal)).rejects.toBe(reason);
  });

  it('ends when the wire is closed', async () => {
    script = (socket) => socket.write(`${head('content-length: 9')}abc`);
    const reading = bytesOf((await get()).body);
    setImmediate(() => wire.close());
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('that nobody can be asked says why', async () => {
    server.close();
    await expect(
      wire.get({ origin: 'http://127.0.0.1:1', path: '/', headers: {} }, never),
    ).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  it('leaves a connection that keeps no process alive', async () => {
    script = (socket) => socket.write(`${head('content-length: 2')}ok`);
    const program = `
      import { openWire } from '@weightseal/core';
      const wire = await openWire();
      const { body } = await wire.get({ origin: '${origin}', path: '/', headers: {} }, new AbortController().signal);
      for await (const piece of body) process.stdout.write(Buffer.from(piece));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      timeout: 20_000,
    });
    expect(stdout).toBe('ok');
  });
});

function framed(bytes: Buffer, framing: string, chunks: readonly number[]): Buffer[] {
  if (framing === 'length') return [Buffer.from(head(`Content-Length: ${bytes.length}`)), bytes];
  if (framing === 'close') return [Buffer.from(head('connection: close')), bytes];
  const parts: Buffer[] = [Buffer.from(head('Transfer-Encoding: chunked'))];
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const part = bytes.subarray(at, at + chunks[n % chunks.length]!);
    parts.push(Buffer.from(`${part.length.toString(16)};name=value\r\n`), part, Buffer.from('\r\n'));
    at += part.length;
  }
  return [...parts, Buffer.from('0\r\ntrailer: x\r\n\r\n')];
}

describe('a server that means no good', () => {
  it.each(['\n', '\0', 'x'])(
    'does not stop the process by a header of blanks that ends in %j',
    async (end) => {
      script = (socket) =>
        socket.write(`${head(`x-blanks:${' '.repeat(60_000)}${end}`, 'content-length: 1')}a`);
      const came = await read().catch((error: unknown) => (error as { code?: unknown }).code);
      expect(came).toEqual(end === 'x' ? Buffer.from('a') : 'HPE_WIRE');
    },
  );

  it('is no longer held when what it sends is not read, and that is aborted', async () => {
    let closed = 0;
    script = (socket) => {
      socket.on('close', () => closed++);
      socket.write(`${head('content-length: 5')}a`);
    };
    const stop = new AbortController();
    const answer = await get('/', {}, stop.signal);
    stop.abort(new Error('Enough.'));
    await expect(bytesOf(answer.body)).rejects.toThrow();
    await expect.poll(() => closed).toBe(1);
  });

  it('has no second answer taken for that of the next request', async () => {
    let flushed = () => {};
    const sent = new Promise<void>((resolve) => {
      flushed = resolve;
    });
    script = (socket, request) => {
      const own = request.startsWith('GET /one') ? '1' : '2';
      socket.write(`${head('content-length: 1')}${own}`);
      if (own === '1') setImmediate(() => socket.write(`${head('content-length: 1')}x`, () => flushed()));
    };
    expect((await read('/one')).toString()).toBe('1');
    await sent;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect((await read('/two')).toString()).toBe('2');
    expect(connections).toBe(2);
  });
});
