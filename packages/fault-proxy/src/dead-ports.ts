import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port of 127.0.0.1 that takes connections and says nothing. It keeps no process alive. */
export async function silentPort(): Promise<number> {
  const server = createServer(() => {}).unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A port on which nobody listens: none of those that the system gives to whoever asks for any, as other tests do meanwhile. */
export async function closedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000);
    const server = createServer().listen(port, '127.0.0.1');
    const wasFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!wasFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
