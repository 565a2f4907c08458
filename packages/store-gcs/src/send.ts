import type { IncomingMessage } from 'node:http';
import { abortedError, isWeightsealError, untilAborted, type WeightsealError } from '@weightseal/core';
import type { Connection } from './connection.js';

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent one after another. */
  readonly body?: readonly Uint8Array[] | undefined;
}

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** Not decoded. Whoever does not read it to its end destroys it. */
  readonly body: IncomingMessage;
}

export type Send = (sent: Sent, signal: AbortSignal) => Promise<Answer>;

/** Thrown where nobody knows who asks, so that it is told apart from what the store answered. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
}

/**
 * One request over Node's own HTTP, and not over the library's: that decodes what is compressed, follows redirects, copies the body once more, and has the token
 * in what it throws.
 *
 * @returns `send`, and `close`, which ends the connections
 */
export function sending(connection: Connection): { readonly send: Send; readonly close: () => void } {
  const secure = connection.origin.startsWith('https:');
  const { request, Agent } = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
  const agent = new Agent({
    keepAlive: true,
    ...(secure && { proxyEnv: proxyEnvironment(connection.proxy) }),
  } as object);
  const send: Send = async ({ method, url, headers = {}, body = [] }, signal) => {
    const who = await untilAborted(signal, () =>
      connection.credentials(url).catch((cause: unknown) => {
        throw isWeightsealError(cause) ? cause : new NoCredentials('No credentials.', { cause });
      }),
    );
    const length = body.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const sized = method === 'GET' || method === 'DELETE' ? {} : { 'content-length': String(length) };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const asked = request(
      url,
      { method, agent, signal, headers: { 'accept-encoding': 'identity', ...headers, ...sized, ...who } },
      resolve,
    );
    // More than one may come: a server that refuses need not read to the end of what is sent.
    asked.on('error', reject);
    for (const piece of body) asked.write(piece);
    asked.end();
    const answer = await promise;
    return {
      status: answer.statusCode ?? 0,
      header: (name) => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      body: answer,
    };
  };
  return { send, close: () => agent.destroy() };
}

/** Node looks there for a proxy; without TLS only this machine and emulators are asked. */
function proxyEnvironment(proxy: string | false | undefined): NodeJS.ProcessEnv {
  if (proxy === false) return {};
  return proxy === undefined ? process.env : { HTTPS_PROXY: proxy, https_proxy: proxy };
}

/** What an abort is told as: core's own reason, where it is one. */
export function aborted(signal: AbortSignal): WeightsealError {
  return isWeightsealError(signal.reason) ? signal.reason : abortedError(signal);
}
