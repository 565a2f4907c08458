import { createRequire } from 'node:module';
import { GrpcClient, grpc, protobuf } from 'google-gax';
import { FakeError } from './fake-error.js';
import type { FakeKms, Fields, Method } from './fake-kms.js';

const require = createRequire(import.meta.url);
const KMS_PROTOS: object = require('@google-cloud/kms/build/protos/protos.json');

const { root } = protobuf.parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; }
`);

type Handler = grpc.handleUnaryCall<Fields, Fields>;
const methods: readonly Method[] = [
  'Encrypt',
  'Decrypt',
  'GetPublicKey',
  'AsymmetricSign',
  'GetCryptoKey',
  'GetCryptoKeyVersion',
  'CreateCryptoKeyVersion',
  'UpdateCryptoKeyPrimaryVersion',
  'UpdateCryptoKey',
];

/** The fake on gRPC without TLS, by the protos that the SDK brings. */
export class GrpcServer implements AsyncDisposable {
  readonly #server = new grpc.Server();
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly routed: string[] = [];
  arrived = 0;
  /** Calls that the client cancelled, or whose deadline came. */
  abandoned = 0;
  /** Answers nothing from now on. */
  silent = false;

  private constructor(port: number, server: grpc.Server) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(kms: FakeKms): Promise<GrpcServer> {
    const server = new grpc.Server();
    const handlers = Object.fromEntries(
      methods.map((method): [string, Handler] => [
        method,
        (call, callback) => started.#handle(kms, method, call, callback),
      ]),
    );
    server.addService(service(), handlers);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const started = new GrpcServer(port, server);
    return started;
  }

  #handle(kms: FakeKms, method: Method, ...[call, callback]: Parameters<Handler>): void {
    this.arrived++;
    this.routed.push(...call.metadata.get('x-goog-request-params').map(String));
    if (this.silent) {
      call.on('cancelled', () => this.abandoned++);
      return;
    }
    try {
      callback(null, kms.answer(method, call.request));
    } catch (error) {
      if (!(error instanceof FakeError)) throw error;
      callback({ code: error.code, details: error.message, metadata: statusDetails(error) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}

/** The messages of a method, as bytes and back. */
export function codec(method: Method): grpc.MethodDefinition<Fields, Fields> {
  return service()[method] as grpc.MethodDefinition<Fields, Fields>;
}

function service(): grpc.ServiceDefinition {
  const loaded = new GrpcClient().loadProtoJSON(KMS_PROTOS as never) as unknown as Loaded;
  return loaded.google.cloud.kms.v1.KeyManagementService.service;
}

interface Loaded {
  google: { cloud: { kms: { v1: { KeyManagementService: { service: grpc.ServiceDefinition } } } } };
}

function statusDetails({ code, message, reason }: FakeError): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (reason === undefined) return metadata;
  const info = root.lookupType('google.rpc.ErrorInfo');
  const value = info.encode(info.create({ reason, domain: 'cloudkms.googleapis.com' })).finish();
  const status = root.lookupType('google.rpc.Status');
  const details = [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value }];
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(status.encode(status.create({ code, message, details })).finish()),
  );
  return metadata;
}
