import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type StatusObject,
  type sendUnaryData,
} from '@grpc/grpc-js';

const same = (bytes: Buffer) => bytes;
const PATH = '/test.Bytes/Echo';

export interface ByteService extends AsyncDisposable {
  readonly address: string;
  /** Calls that arrived. */
  readonly calls: number;
}

/** A gRPC server of one unary method: what it is asked, back; `fail` fails, `hang` never answers. */
export async function byteService(): Promise<ByteService> {
  const server = new Server();
  let calls = 0;
  const echo = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
    calls++;
    const asked = call.request.toString();
    const trailers = new Metadata();
    trailers.set('x-trailer', 'last');
    trailers.set('bytes-bin', Buffer.of(0, 255));
    if (asked === 'fail') answer({ code: 9, details: 'disabled: ä %', metadata: trailers });
    else if (asked !== 'hang') {
      const head = new Metadata();
      head.set('x-asked-with', String(call.metadata.get('x-with')[0] ?? ''));
      head.set('x-deadline', String(Number.isFinite(call.getDeadline() as number)));
      call.sendMetadata(head);
      answer(null, call.request, trailers);
    }
  };
  const unary = { path: PATH, requestStream: false, responseStream: false } as const;
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService({ echo: { ...unary, ...codec } }, { echo });
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
  });
  return {
    address: `127.0.0.1:${port}`,
    get calls() {
      return calls;
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

export interface Reply {
  readonly body?: string | undefined;
  readonly head: Metadata;
  readonly status: StatusObject;
  readonly error?: ServiceError | undefined;
}

/** The official client, with one channel for all its calls. It does not retry. */
export class ByteClient implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 10,
    });
  }

  ask(question: string, deadlineMs = 10_000): Promise<Reply> {
    const metadata = new Metadata();
    metadata.set('x-with', 'this');
    return new Promise((resolve) => {
      let head = new Metadata();
      let outcome: { error?: ServiceError; body?: string } = {};
      const deadline = Date.now() + deadlineMs;
      const message = Buffer.from(question);
      const call = this.#client.makeUnaryRequest(
        PATH,
        same,
        same,
        message,
        metadata,
        { deadline },
        (error, value) => {
          outcome = error ? { error } : { body: String(value) };
        },
      );
      call.on('metadata', (got) => {
        head = got;
      });
      call.on('status', (status) => resolve({ ...outcome, head, status }));
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
