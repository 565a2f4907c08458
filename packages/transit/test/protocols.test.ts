import { once } from 'node:events';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { isWeightsealError } from '@weightseal/core';
import {
  authorise,
  createTlsOptions,
  peerOf,
  type Revocation,
  readCertificates,
  readCrls,
} from '@weightseal/transit';
import { beforeAll, expect, it } from 'vitest';
import { authority, client, crl, type Made, server, spiffe } from './support/authorities.ts';

const RULES = { clients: [{ names: ['spiffe://prod/serving/*'], models: ['llama/*'] }] };
const pem = (text: string) => ({ pem: text });
let root: Made;
let own: Made;
beforeAll(async () => {
  root = await authority();
  own = await server(root);
});

const ofServer = (alpn: readonly string[]) =>
  createTlsOptions({ role: 'server', certificate: pem(own.pem), key: pem(own.key), ca: pem(root.pem), alpn });
const ofClient = async (id: string, alpn: readonly string[]) => {
  const made = await client(root, { names: spiffe(id) });
  return createTlsOptions({
    role: 'client',
    certificate: pem(made.pem),
    key: pem(made.key),
    ca: pem(root.pem),
    alpn,
  });
};

/** What a server answers to whoever asks for this model. */
function judge(socket: TLSSocket, model: string, revocation?: Revocation): string {
  try {
    return authorise(peerOf(socket), RULES, { model, revocation }).names.join();
  } catch (error) {
    if (isWeightsealError(error)) return error.code;
    throw error;
  }
}

it('node:https, with a certificate of an authority below the root, on one connection', async () => {
  let revocation: Revocation | undefined;
  const https = createServer(await ofServer(['http/1.1']), (incoming, outgoing) => {
    outgoing.end(judge(incoming.socket as TLSSocket, (incoming.url ?? '').slice(1), revocation));
  });
  await once(https.listen(0, '127.0.0.1'), 'listening');
  const { port } = https.address() as AddressInfo;
  const middle = await authority({ name: 'CN=Middle' }, root);
  const made = await client(middle);
  const certificate = pem(made.pem + middle.pem);
  const tls = await createTlsOptions({ role: 'client', certificate, key: pem(made.key), ca: pem(root.pem) });
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 1 });
  const get = async (path: string) => {
    const [answer] = await once(request({ host: '127.0.0.1', port, path, agent }).end(), 'response');
    answer.setEncoding('utf8');
    return (await answer.toArray()).join('');
  };
  expect(await get('/llama/3')).toBe('spiffe://prod/serving/a');
  expect(await get('/other')).toBe('CLIENT_FORBIDDEN');
  // On the connection that is open already.
  const authorities = readCertificates(root.pem + middle.pem, 'test');
  const known = async (...revoked: readonly Made[]) =>
    readCrls((await crl(root)) + (await crl(middle, revoked)), 'test');
  revocation = { authorities, crls: await known() };
  expect(await get('/llama/3')).toBe('spiffe://prod/serving/a');
  revocation = { authorities, crls: await known(made) };
  expect(await get('/llama/3')).toBe('CERTIFICATE_REVOKED');
  agent.destroy();
  https.close();
});

it('a server that lets everybody in knows nobody', async () => {
  const open = { ...(await ofServer(['http/1.1'])), requestCert: true, rejectUnauthorized: false };
  const https = createServer(open, (incoming, outgoing) => {
    outgoing.end(judge(incoming.socket as TLSSocket, 'llama/3'));
  });
  await once(https.listen(0, '127.0.0.1'), 'listening');
  const { port } = https.address() as AddressInfo;
  const get = async (made?: Made) => {
    const shown = made && { key: made.key, cert: made.pem };
    const [answer] = await once(
      request({ host: '127.0.0.1', port, ca: root.pem, agent: false, ...shown }).end(),
      'response',
    );
    answer.setEncoding('utf8');
    return (await answer.toArray()).join('');
  };
  expect(await get(await client(root))).toBe('spiffe://prod/serving/a');
  expect(await get(await client(await authority({ name: 'CN=Foreign' })))).toBe('CERTIFICATE_UNTRUSTED');
  expect(await get()).toBe('CERTIFICATE_MISSING');
  https.close();
});

it('node:http2', async () => {
  const http2 = createSecureServer(await ofServer(['h2']), (incoming, outgoing) => {
    outgoing.end(judge(incoming.stream.session?.socket as TLSSocket, incoming.url.slice(1)));
  });
  await once(http2.listen(0, '127.0.0.1'), 'listening');
  const { port } = http2.address() as AddressInfo;
  const ask = async (id: string) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, await ofClient(id, ['h2']));
    const stream = session.request({ ':path': '/llama/3' });
    stream.setEncoding('utf8');
    const answer = (await stream.toArray()).join('');
    session.close();
    return answer;
  };
  expect(await ask('spiffe://prod/serving/b')).toBe('spiffe://prod/serving/b');
  expect(await ask('spiffe://prod/training/b')).toBe('CLIENT_FORBIDDEN');
  http2.close();
});

it('a connection that has ended is told as that', async () => {
  const https = createServer(await ofServer(['http/1.1']), (_, outgoing) => outgoing.end());
  const said = new Promise<string>((resolve) => {
    https.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => {});
      socket.on('close', () => {
        try {
          resolve(String(peerOf(socket)));
        } catch (error) {
          resolve((error as Error).message);
        }
      });
      socket.destroy();
    });
  });
  await once(https.listen(0, '127.0.0.1'), 'listening');
  const { port } = https.address() as AddressInfo;
  const tls = await ofClient('spiffe://prod/serving/a', ['http/1.1']);
  const asking = request({ host: '127.0.0.1', port, agent: new Agent(tls) }).end();
  asking.on('error', () => {});
  expect(await said).toMatch(/^The connection has ended/);
  https.close();
});

it('gRPC', async () => {
  const { ca, cert, key } = await ofServer(['h2']);
  const grpc = new Server();
  const bytes = (text: string) => Buffer.from(text);
  const text = (given: Buffer) => given.toString();
  const method = {
    path: '/test/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: text,
    responseSerialize: bytes,
    responseDeserialize: text,
  } as const;
  grpc.addService(
    { echo: method },
    {
      echo: (call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) =>
        answer(null, call.request),
    },
  );
  const secure = ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
  const port = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync('127.0.0.1:0', secure, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const ask = async (how: Parameters<typeof credentials.createFromSecureContext>) => {
    const secureTo = credentials.createFromSecureContext(...how);
    // It would send an address as a server's name, which Node 26 refuses.
    const asking = new Client(`127.0.0.1:${port}`, secureTo, {
      'grpc.ssl_target_name_override': 'localhost',
    });
    try {
      return await new Promise<string | undefined>((resolve, reject) =>
        asking.makeUnaryRequest(
          method.path,
          bytes,
          text,
          'hello',
          { deadline: Date.now() + 5000 },
          (error, answer) => (error ? reject(error) : resolve(answer)),
        ),
      );
    } finally {
      asking.close();
    }
  };
  const tls = await ofClient('spiffe://prod/serving/a', ['h2']);
  const { secureContext, checkServerIdentity } = tls;
  expect(await ask([secureContext, { checkServerIdentity }])).toBe('hello');
  const never = () => new Error('of another name');
  await expect(ask([secureContext, { checkServerIdentity: never }])).rejects.toThrow('of another name');
  grpc.forceShutdown();
});
