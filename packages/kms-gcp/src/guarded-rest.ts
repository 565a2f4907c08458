import { Readable } from 'node:stream';
import type { KeyManagementServiceClient } from '@google-cloud/kms';

type Client = KeyManagementServiceClient;
type Auth = Client['auth'];
type Request = RequestInit | undefined;
/** Of gaxios, as far as it matters here. */
type Adapter = (options: object, next: (options: object) => Promise<{ data: unknown }>) => Promise<object>;

/**
 * Two things that the SDK lets pass over REST: an answer without end, of which it keeps what comes until the deadline, and a
 * redirect, after which the data key goes to whatever host that names. And it calls through no proxy, though its login does.
 *
 * The guard is the client's own: what was given as `authClient` may have other work.
 */
export function guardRest(client: Client, maxBytes: number): void {
  // The stubs are made of it later, by initialize().
  const agent = proxied();
  const gax = client['_gaxGrpc'] as { auth: Auth };
  gax.auth = new Proxy(gax.auth, {
    get(auth, name) {
      if (name === 'fetch') {
        return (url: URL | string, request: Request) => auth.fetch(url, guarded(request, maxBytes, agent));
      }
      const value: unknown = Reflect.get(auth, name);
      return typeof value === 'function' ? value.bind(auth) : value;
    },
  });
}

/** Instead of the SDK's own sockets, which are like these. Node has it from 22.21 and 24.5 on. Without TLS only tests are asked. */
function proxied(): object {
  const { HTTPS_PROXY, https_proxy } = process.env;
  if (!HTTPS_PROXY && !https_proxy) return {};
  const options = { keepAlive: true, proxyEnv: process.env };
  const agent = new (process.getBuiltinModule('node:https').Agent)(options);
  return { agent: ({ protocol }: URL) => (protocol === 'https:' ? agent : undefined) };
}

/** `size` bounds what is decoded. Of a refused login gaxios reads the stream itself, and keeps no bound. */
function guarded(request: Request | undefined, size: number, agent: object): Request {
  const adapter: Adapter = async (options, next) => {
    const answer = await next(options);
    if (answer.data instanceof Readable) answer.data = Readable.from(atMost(answer.data, size));
    return answer;
  };
  const guards = { redirect: 'manual', size, adapter, ...agent } as const;
  return { ...request, ...guards };
}

async function* atMost(body: Readable, most: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw new Error('The answer is too long.');
    yield chunk;
  }
}
