import { connect } from 'node:http2';
import { GRPC_STATUS, grpcError, grpcFaultProxy } from '@weightseal/fault-proxy';
import { describe, expect, it } from 'vitest';
import { ByteClient, byteService } from './support/byte-service.js';
import { RESET } from './support/reset.js';

async function between() {
  const service = await byteService();
  const proxy = await grpcFaultProxy({ upstream: service.address });
  const client = new ByteClient(proxy.url);
  const end = async () => {
    client[Symbol.dispose]();
    await service[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  };
  return { service, proxy, client, [Symbol.asyncDispose]: end };
}

/** The frames of an answer as a plain HTTP/2 client gets them, and what ended it. */
function raw(address: string, message: string) {
  return new Promise<{ bytes: Buffer; trailers: boolean; end: string | undefined }>((resolve) => {
    const chunks: Buffer[] = [];
    let trailers = false;
    let end: string | undefined = 'FIN';
    const session = connect(`http://${address}`);
    const note = ({ code }: NodeJS.ErrnoException) => {
      end = code;
    };
    session.on('error', note);
    const call = session.request({ ':method': 'POST', ':path': '/test.Bytes/Echo', te: 'trailers' });
    call.on('error', note);
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.on('trailers', () => {
      trailers = true;
    });
    call.on('close', () => session.close());
    session.on('close', () => resolve({ bytes: Buffer.concat(chunks), trailers, end }));
    call.end(Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), Buffer.from(message)]));
  });
}

describe('without a fault', () => {
  it('message, metadata, trailers and deadline pass unchanged', async () => {
    await using here = await between();
    const { body, head, status } = await here.client.ask('question');
    expect(body).toBe('question');
    expect(head.get('x-asked-with')).toEqual(['this']);
    expect(head.get('x-deadline')).toEqual(['true']);
    expect(status.code).toBe(GRPC_STATUS.OK);
    expect(status.metadata.get('x-trailer')).toEqual(['last']);
    expect(status.metadata.get('bytes-bin')).toEqual([Buffer.of(0, 255)]);
    expect([here.proxy.requests, here.service.calls]).toEqual([1, 1]);
  });

  it('so does an error of the server', async () => {
    await using here = await between();
    const { status } = await here.client.ask('fail');
    expect([status.code, status.details]).toEqual([9, 'disabled: ä %']);
    expect(status.metadata.get('bytes-bin')).toEqual([Buffer.of(0, 255)]);
  });

  it('a server that never answers is left alone once the client has given up', async () => {
    await using here = await between();
    expect((await here.client.ask('hang', 200)).status.code).toBe(GRPC_STATUS.DEADLINE_EXCEEDED);
    expect((await here.client.ask('question')).body).toBe('question');
  });
});

describe('a fault happens on the wire:', () => {
  it('refuse closes the port and open connections, and lifting it lets the same channel go on', async () => {
    await using here = await between();
    await here.client.ask('question');
    here.proxy.fault = { kind: 'refuse' };
    await here.proxy.ready;
    const details = async () => (await here.client.ask('question')).status.details;
    await expect.poll(details).toContain('ECONNREFUSED');
    here.proxy.fault = { kind: 'none' };
    await here.proxy.ready;
    await expect.poll(async () => (await here.client.ask('question')).body).toBe('question');
  });

  it('reset sends so many bytes of the message, then RST', async () => {
    await using here = await between();
    here.proxy.fault = { kind: 'reset', afterBytes: 3 };
    const { bytes, trailers, end } = await raw(here.proxy.url, 'question');
    expect(bytes).toEqual(Buffer.from('\0\0\0\0\x08que'));
    expect(trailers).toBe(false);
    expect(RESET).toContain(end);
    expect((await here.client.ask('question')).status.code).toBe(GRPC_STATUS.UNAVAILABLE);
  });

  it('truncate ends the connection early, or frames only what it sends', async () => {
    await using here = await between();
    here.proxy.fault = { kind: 'truncate' };
    const early = await raw(here.proxy.url, 'question');
    expect(early).toMatchObject({ bytes: Buffer.from('\0\0\0\0\x08ques'), trailers: false });
    expect((await here.client.ask('question')).status.code).toBe(GRPC_STATUS.UNAVAILABLE);
    here.proxy.fault = { kind: 'truncate', declare: 'kept' };
    expect((await here.client.ask('question')).body).toBe('ques');
  });

  it('garbage replaces the message', async () => {
    await using here = await between();
    here.proxy.fault = { kind: 'garbage', body: Buffer.from('?!') };
    expect((await here.client.ask('question')).body).toBe('?!');
  });

  it('answer is a burst where it is told how many times, and the server is not asked', async () => {
    await using here = await between();
    here.proxy.fault = { kind: 'answer', answer: grpcError('RESOURCE_EXHAUSTED', 'slow down'), times: 2 };
    const got: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { status, body } = await here.client.ask('question');
      got.push([status.code, status.details, body]);
    }
    const throttled = [GRPC_STATUS.RESOURCE_EXHAUSTED, 'slow down', undefined];
    expect(got).toEqual([throttled, throttled, [GRPC_STATUS.OK, 'OK', 'question']]);
    expect([here.proxy.requests, here.service.calls]).toEqual([3, 1]);
  });

  it('rewrite changes message and trailers, for the calls that it is meant for', async () => {
    await using here = await between();
    here.proxy.fault = {
      kind: 'rewrite',
      when: ({ path, body }) => path === '/test.Bytes/Echo' && Buffer.from(body).equals(Buffer.from('this')),
      rewrite: (answer) => ({ ...answer, body: Buffer.from('that'), trailers: { 'x-trailer': 'new' } }),
    };
    const { body, status } = await here.client.ask('this');
    expect([body, status.metadata.get('x-trailer')]).toEqual(['that', ['new']]);
    expect((await here.client.ask('other')).body).toBe('other');
  });

  it('stall answers late, and not at all to a client whose deadline is over', async () => {
    await using here = await between();
    here.proxy.fault = { kind: 'stall', forMs: 100 };
    expect((await here.client.ask('question')).body).toBe('question');
    here.proxy.fault = { kind: 'stall' };
    expect((await here.client.ask('question', 200)).status.code).toBe(GRPC_STATUS.DEADLINE_EXCEEDED);
    expect(here.service.calls).toBe(1);
  });
});

it('an upstream that is gone is told at the end', async () => {
  const service = await byteService();
  await service[Symbol.asyncDispose]();
  const proxy = await grpcFaultProxy({ upstream: service.address });
  using client = new ByteClient(proxy.url);
  expect((await client.ask('question')).body).toBeUndefined();
  await expect(proxy[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
