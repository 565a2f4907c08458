import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import type { Made } from '../../../transit/test/support/authorities.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Whether the connection was cut before all was there. */
  readonly cut: boolean;
}

export interface To {
  readonly port: number;
  readonly root: Made;
  readonly own: Made;
}

const tlsOf = ({ root, own }: To) => ({ ca: root.pem, cert: own.pem, key: own.key });

/** Over HTTP/1.1, on a connection of its own unless an agent is given. */
export async function ask(
  to: To,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  { method = 'GET', agent, from }: { method?: string; agent?: Agent; from?: string } = {},
): Promise<Answer> {
  const outgoing = request({
    host: '127.0.0.1',
    port: to.port,
    path,
    method,
    headers,
    agent: agent ?? false,
    ...(from !== undefined && { localAddress: from }),
    ...tlsOf(to),
  });
  outgoing.end();
  const [answer] = await once(outgoing, 'response');
  const pieces: Buffer[] = [];
  let cut = false;
  answer.on('data', (piece: Buffer) => pieces.push(piece));
  answer.on('error', () => {
    cut = true;
  });
  await new Promise((resolve) => answer.once('close', resolve));
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: Buffer.concat(pieces),
    cut: cut || !answer.complete,
  };
}

export function agentOf(to: To): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, ...tlsOf(to) });
}

export function session(to: To): ClientHttp2Session {
  const made = connectHttp2(`https://127.0.0.1:${to.port}`, tlsOf(to));
  made.on('error', () => {});
  return made;
}

/** Over HTTP/2. */
export async function askHttp2(
  over: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const stream = over.request({ ':path': path, ...headers });
  stream.end();
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  let cut = false;
  stream.on('error', () => {
    cut = true;
  });
  let found: Record<string, unknown> = {};
  stream.on('response', (given) => {
    found = given;
  });
  await new Promise((resolve) => stream.once('close', resolve));
  const { ':status': status = 0, ...rest } = found;
  return { status: Number(status), headers: rest as Answer['headers'], body: Buffer.concat(pieces), cut };
}

/** A connection that says just what it is told. */
export async function raw(to: To): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: to.port, ALPNProtocols: ['http/1.1'], ...tlsOf(to) });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

export function ended(socket: TLSSocket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
