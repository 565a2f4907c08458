import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** A process that has something left over does not end by itself. A stalled answer would keep it for 30 s. */
const PATIENCE_MS = 15_000;

async function endsByItself(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', `${start}${script}`],
    { cwd: import.meta.dirname, timeout: PATIENCE_MS },
  );
  return stdout.trim();
}

const start = `
  import { createServer } from 'node:http';
  import { once } from 'node:events';
  import { connect } from 'node:http2';
  import { grpcFaultProxy, httpFaultProxy } from '@weightseal/fault-proxy';
  const arrival = async (proxy) => { while (proxy.requests === 0) await new Promise(setImmediate); };
  const nowhere = '127.0.0.1:9';
`;

describe('nothing is left over', () => {
  it('of a stalled answer when the client leaves', async () => {
    const told = await endsByItself(`
      const proxy = await httpFaultProxy({ upstream: 'http://' + nowhere });
      proxy.fault = { kind: 'stall' };
      const client = new AbortController();
      const asked = fetch(proxy.url, { signal: client.signal }).catch((error) => console.log(error.name));
      await arrival(proxy);
      client.abort();
      await asked;
      proxy.fault = { kind: 'refuse' };
    `);
    expect(told).toBe('AbortError');
  });

  it('of a stalled answer when the proxy is disposed of', async () => {
    const told = await endsByItself(`
      const proxy = await httpFaultProxy({ upstream: 'http://' + nowhere });
      proxy.fault = { kind: 'stall' };
      const asked = fetch(proxy.url).catch((error) => console.log(error.cause.code));
      await arrival(proxy);
      await proxy[Symbol.asyncDispose]();
      await asked;
    `);
    expect(told).toBe('UND_ERR_SOCKET');
  });

  it('of an upstream that never answers when the proxy is disposed of', async () => {
    await endsByItself(`
      const silent = createServer(() => {}).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const proxy = await httpFaultProxy({ upstream: 'http://127.0.0.1:' + silent.address().port });
      const asked = fetch(proxy.url).catch(() => {});
      await once(silent, 'request');
      await proxy[Symbol.asyncDispose]();
      await asked;
      silent.close();
    `);
  });

  it('of a stalled gRPC answer, and of open connections without calls', async () => {
    await endsByItself(`
      const proxy = await grpcFaultProxy({ upstream: nowhere });
      proxy.fault = { kind: 'stall' };
      const session = connect('http://' + proxy.url).on('error', () => {});
      const call = session.request({ ':method': 'POST', ':path': '/a.B/C' }).on('error', () => {});
      call.end(Buffer.alloc(5));
      await arrival(proxy);
      await proxy[Symbol.asyncDispose]();
      await once(session, 'close');
    `);
  });
});
