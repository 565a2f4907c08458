import type { ServerResponse } from 'node:http';
import { crc32c, type Upload } from '@weightseal/core';
import { call, json, type Seen, type Server, serving } from './server.js';

export const UNIT = 262_144;
export const BYTES = Buffer.from(Array.from({ length: 2 * UNIT + 5 }, (_, i) => (i * 31) & 255));

export function checksum(bytes: Uint8Array): string {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32c(bytes));
  return crc.toString('base64');
}

export function object(bytes: Uint8Array, changed: object = {}): object {
  return { name: 'a', size: String(bytes.length), generation: '9', crc32c: checksum(bytes), ...changed };
}

/** A resumable session as Cloud Storage keeps it. `spoilt` answers instead, where it says so. */
export async function sessions(
  spoilt: (seen: Seen, response: ServerResponse, taken: Buffer) => boolean | undefined = () => false,
  location = '/upload/storage/v1/b/models/o?uploadType=resumable&upload_id=SECRET-session-0123456789',
): Promise<Server & { readonly kept: () => Buffer; readonly take: (seen: Seen) => void }> {
  let kept = Buffer.alloc(0);
  let whole = false;
  const take = ({ headers, body }: Seen) => {
    const [, from, to, size] =
      /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
    if (from !== undefined) {
      if (Number(from) !== kept.length || Number(to) - Number(from) + 1 !== body.length)
        throw new Error('gap');
      if (size === '*' && body.length % UNIT !== 0) throw new Error('no multiple');
      kept = Buffer.concat([kept, body]);
    }
    if (size !== undefined && size !== '*' && Number(size) === kept.length) whole = true;
  };
  const server = await serving((seen, response) => {
    if (spoilt(seen, response, kept)) return;
    if (seen.method === 'POST') return void response.writeHead(200, { location }).end();
    if (seen.method === 'DELETE') return void response.writeHead(499).end();
    take(seen);
    if (whole) return json(response, 200, object(kept));
    const range = kept.length > 0 ? { range: `bytes=0-${kept.length - 1}` } : {};
    response.writeHead(308, range).end();
  });
  return Object.assign(server, { kept: () => kept, take });
}

export async function send(upload: Upload, bytes: Buffer = BYTES, part: number = UNIT): Promise<void> {
  for (let [index, offset] = [0, 0]; offset < bytes.length; index++, offset += part) {
    const piece = bytes.subarray(offset, offset + part);
    await upload.part({ index, offset, bytes: piece, last: offset + part >= bytes.length }, call);
  }
}

export const ranges = ({ seen }: Server) =>
  seen.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['content-range']);
