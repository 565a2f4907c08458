import { once } from 'node:events';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Bucket } from './bucket.ts';

/** A directory that a web server serves in ranges, with ETags: what any web server or CDN does. Published is what is put into the directory. */
export async function webBucket(directory: string): Promise<Bucket> {
  await mkdir(join(directory, 'digits'), { recursive: true });
  const server = createServer((request, response) => {
    answer(directory, request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    // To other machines it would be https.
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    env: {},
    place: (name) => join(directory, name),
    read: (name) => readFile(join(directory, name)),
    async write(name, bytes) {
      await writeFile(join(directory, 'new'), bytes);
      await rename(join(directory, 'new'), join(directory, name));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(directory: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A URL has no `..` left.
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const file = await open(join(directory, decodeURIComponent(pathname))).catch(() => undefined);
  if (!file) return void response.writeHead(404).end();
  await using _file = file;
  const found = await file.stat({ bigint: true });
  if (!found.isFile()) return void response.writeHead(404).end();
  const size = Number(found.size);
  const etag = `"${found.ino}-${found.mtimeNs}"`;
  if ((request.headers['if-match'] ?? etag) !== etag) return void response.writeHead(412).end();
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(Number(last ?? size), size - 1);
  if (start > end) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  const range = first !== undefined && { 'content-range': `bytes ${start}-${end}/${size}` };
  response.writeHead(range ? 206 : 200, { etag, 'content-length': end - start + 1, ...range });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(file.createReadStream({ start, end, autoClose: false }), response);
}
