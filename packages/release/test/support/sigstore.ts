import { createHash, generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as mock from '@sigstore/mock';
import { HashAlgorithm, PublicKeyDetails, TransparencyLogEntry, TrustedRoot } from '@sigstore/protobuf-specs';
import type { SigstoreSigning } from '@weightseal/release';

/** An instance of Sigstore's services in this process, on the loopback address. */
export interface Instance extends AsyncDisposable {
  readonly url: string;
  /** The path of its `trusted_root.json`. */
  readonly trustedRoot: string;
  /** How to sign there as somebody. */
  as(identity: string): SigstoreSigning;
  /** The services that were asked. */
  readonly asked: string[];
  /** What a service answers with instead, by its path. */
  readonly failing: Map<string, number>;
}

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const START = new Date(0);
/** Whom the mock's authority says that it believed. */
export const ISSUER = 'https://oidc.example.com';

export async function startInstance(): Promise<Instance> {
  const failing = new Map<string, number>();
  const asked: string[] = [];
  const handlers = new Map<string, (body: string, request: IncomingMessage) => ReturnType<mock.HandlerFn>>();
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const status = failing.get(path);
    const handler = handlers.get(path);
    const answer =
      status !== undefined || !handler
        ? { statusCode: status ?? 404, response: 'no', contentType: 'text/plain' }
        : await handler(await bodyOf(request), request);
    response.writeHead(answer.statusCode, { 'content-type': answer.contentType ?? 'text/plain' });
    response.end(answer.response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The library cannot read every fraction of a second that the mock's time stamps have.
  const clock = wholeSecond(new Date());
  const [ctlog, tlog, tsa] = await Promise.all([
    mock.initializeCTLog(keyPair()),
    mock.initializeTLog(url, keyPair()),
    mock.initializeTSA(keyPair(), clock),
  ]);
  const ca = await mock.initializeCA(keyPair(), ctlog);
  for (const { path, fn } of [
    { path: mock.fulcioHandler(ca).path, fn: certify(ca) },
    { path: mock.rekorHandler(tlog).path, fn: log(tlog) },
    { path: mock.rekorV2Handler(tlog).path, fn: logV2(tlog) },
    { path: mock.tsaHandler(tsa).path, fn: stamp(tsa, clock) },
    { path: '/.well-known/openid-configuration', fn: provider(url) },
  ])
    handlers.set(path, fn);
  const directory = await mkdtemp(join(tmpdir(), 'sigstore-'));
  const trustedRoot = join(directory, 'trusted_root.json');
  await writeFile(trustedRoot, JSON.stringify(rootOf({ url, ctlog, tlog, tsa, ca })));
  return {
    url,
    trustedRoot,
    asked,
    failing,
    as: (identity) => ({ identityToken: tokenOf(identity), fulcioUrl: url, rekorUrl: url }),
    async [Symbol.asyncDispose]() {
      await stop(server);
      await rm(directory, { recursive: true });
    },
  };
}

function wholeSecond(clock: Date): Date {
  clock.setTime(Math.floor(Date.now() / 1000) * 1000);
  return clock;
}

function stamp(tsa: Services['tsa'], clock: Date): mock.HandlerFn {
  return (body) => {
    wholeSecond(clock);
    return mock.tsaHandler(tsa).fn(body);
  };
}

type Log = Services['tlog'];
interface Envelope {
  readonly payload: string;
  readonly signatures: readonly [{ readonly sig: string }];
}

/** As a real one takes it, the token may be in the header, and a request of PKCS#10 is in base64. */
function certify(ca: Services['ca']) {
  const { fn } = mock.fulcioHandler(ca);
  return (body: string, { headers }: IncomingMessage) => {
    const { certificateSigningRequest: csr, ...given } = JSON.parse(body);
    if (csr === undefined) return fn(body);
    const oidcIdentityToken = headers.authorization?.replace(/^Bearer /, '');
    const certificateSigningRequest = Buffer.from(csr, 'base64').toString();
    return fn(JSON.stringify({ ...given, credentials: { oidcIdentityToken }, certificateSigningRequest }));
  };
}

/** Where tokens would come from: some want to know, also where they are given one. */
function provider(url: string): mock.HandlerFn {
  const endpoints = { authorization_endpoint: `${url}/auth`, token_endpoint: `${url}/token` };
  const response = JSON.stringify({ issuer: ISSUER, ...endpoints });
  return async () => ({ statusCode: 200, response, contentType: 'application/json' });
}

/** The mock's log keeps what was proposed; a real one keeps digests of it (kind `dsse`, version 0.0.1). */
function log(tlog: Log): mock.HandlerFn {
  return async (body) => {
    const { proposedContent } = JSON.parse(body).spec;
    const { payload, signatures }: Envelope = JSON.parse(proposedContent.envelope);
    // As its own PEM says it, whatever the one that came.
    const verifier = new X509Certificate(Buffer.from(proposedContent.verifiers[0], 'base64')).toString();
    const sha256 = (of: string | Buffer) => ({ algorithm: 'sha256', value: hash(of).toString('hex') });
    const entry = await tlog.log({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: sha256(proposedContent.envelope),
        payloadHash: sha256(Buffer.from(payload, 'base64')),
        signatures: [{ signature: signatures[0].sig, verifier: Buffer.from(verifier).toString('base64') }],
      },
    });
    return { statusCode: 201, response: JSON.stringify(entry), contentType: 'application/json' };
  };
}

/** Likewise of version 0.0.2; and its proof is of the one entry that there is. */
function logV2(tlog: Log): mock.HandlerFn {
  return async (body) => {
    const { envelope, verifiers } = JSON.parse(body).dsseRequestV002;
    const { payload, signatures } = envelope as Envelope;
    const digest = hash(Buffer.from(payload, 'base64')).toString('base64');
    const entry = await tlog.logV2({
      apiVersion: '0.0.2',
      kind: 'dsse',
      spec: {
        dsseV002: {
          payloadHash: { algorithm: 'SHA2_256', digest },
          signatures: [{ content: signatures[0].sig, verifier: verifiers[0] }],
        },
      },
    } as never);
    const inclusionProof = { ...entry.inclusionProof!, logIndex: '0' };
    const logged = { ...entry, inclusionProof, integratedTime: '0' };
    const response = JSON.stringify(TransparencyLogEntry.toJSON(logged));
    return { statusCode: 201, response, contentType: 'application/json' };
  };
}

const hash = (of: string | Uint8Array): Buffer => createHash('sha256').update(of).digest();

interface Services {
  readonly url: string;
  readonly ctlog: Awaited<ReturnType<typeof mock.initializeCTLog>>;
  readonly tlog: Awaited<ReturnType<typeof mock.initializeTLog>>;
  readonly tsa: Awaited<ReturnType<typeof mock.initializeTSA>>;
  readonly ca: Awaited<ReturnType<typeof mock.initializeCA>>;
}

function rootOf({ url, ctlog, tlog, tsa, ca }: Services): unknown {
  const validFor = { start: START };
  const logOf = (publicKey: Buffer, keyId: Uint8Array) => ({
    baseUrl: url,
    logId: { keyId: Buffer.from(keyId) },
    hashAlgorithm: HashAlgorithm.SHA2_256,
    publicKey: { rawBytes: publicKey, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256, validFor },
    checkpointKeyId: undefined,
    operator: '',
  });
  const authority = (...certificates: ArrayBufferView[]) => ({
    subject: { organization: 'example', commonName: 'example' },
    uri: url,
    certChain: { certificates: certificates.map((one) => ({ rawBytes: bytes(one) })) },
    validFor,
    operator: '',
  });
  return TrustedRoot.toJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logOf(tlog.publicKey, hash(tlog.publicKey))],
    ctlogs: [logOf(ctlog.publicKey, bytes(ctlog.logID))],
    certificateAuthorities: [authority(ca.rootCertificate)],
    timestampAuthorities: [authority(tsa.intCertificate, tsa.rootCertificate)],
  });
}

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Of a provider that is believed: the authority of the mock looks at no signature. */
export function tokenOf(identity: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const when = { iat: now, exp: now + 600 };
  const claims = { iss: ISSUER, sub: identity, aud: 'sigstore', jti: randomUUID(), ...when };
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
