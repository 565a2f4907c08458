import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ACCOUNT, FakeKey, type FakeState, REGION } from './fake-key.js';
import { type Input, operations, Refusal } from './fake-operations.js';

export interface Seen {
  readonly operation: string;
  readonly region: string;
  readonly input: Input;
}

const MAX_SKEW_MS = 5 * 60_000;

/** AWS KMS on 127.0.0.1, as far as a KeyWrapper sees it, and no laxer than the real one. */
export class FakeKms implements AsyncDisposable {
  readonly seen: Seen[] = [];
  /** Answers nothing from now on. */
  silent = false;
  readonly #server: Server;
  readonly #keys = new Map<string, FakeKey>();
  readonly #aliases = new Map<string, FakeKey>();
  readonly #denied = new Set<string>();

  private constructor() {
    this.#server = createServer((request, response) => {
      if (this.silent) return;
      this.#answer(request).then(
        (body) => {
          response.writeHead(200, wireHeaders());
          response.end(JSON.stringify(body));
        },
        (error: unknown) => {
          const { type, message, status } =
            error instanceof Refusal ? error : new Refusal('KMSInternalException', '', 500);
          response.writeHead(status, wireHeaders());
          // KMS spells the message of an AccessDeniedException with a capital, and gives an invalid ciphertext none.
          const name = type === 'AccessDeniedException' ? 'Message' : 'message';
          response.end(JSON.stringify({ __type: type, ...(message === '' ? {} : { [name]: message }) }));
        },
      );
    });
  }

  static async start(): Promise<FakeKms> {
    const fake = new FakeKms();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  key(options: ConstructorParameters<typeof FakeKey>[0] = {}): FakeKey {
    const key = new FakeKey(options);
    this.#keys.set(key.arn, key);
    return key;
  }

  replicate({ id, materials }: FakeKey, region: string): FakeKey {
    return this.key({ id, region, materials, multiRegion: true });
  }

  alias(name: string, key: FakeKey): void {
    this.#aliases.set(`arn:aws:kms:${key.region}:${ACCOUNT}:alias/${name}`, key);
  }

  deny(key: FakeKey, ...actions: readonly string[]): void {
    for (const action of actions) this.#denied.add(`${action} ${key.arn}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<object> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { headers } = request;
    const [service, name = ''] = String(headers['x-amz-target']).split('.');
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    const json = headers['content-type'] === 'application/x-amz-json-1.1';
    if (
      request.method !== 'POST' ||
      request.url !== '/' ||
      !json ||
      service !== 'TrentService' ||
      !operation
    ) {
      throw new Refusal('UnknownOperationException');
    }
    const region = signedRegion(headers);
    const input = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Input;
    this.seen.push({ operation: name, region, input });
    const unknown = Object.keys(input).find((one) => one !== 'KeyId' && !operation.parameters.includes(one));
    if (unknown !== undefined) throw new Refusal('ValidationException', `unexpected parameter ${unknown}`);
    const key = this.#find(String(input['KeyId']), region, operation.aliases);
    if (this.#denied.has(`kms:${name} ${key.arn}`)) {
      throw new Refusal(
        'AccessDeniedException',
        `User: arn:aws:iam::${ACCOUNT}:user/tester is not authorized to perform: kms:${name} on resource: ${key.arn}`,
      );
    }
    return operation.run(key, input);
  }

  #find(keyId: string, region: string, aliases: boolean): FakeKey {
    const isAlias = /(?:^|:)alias\//.test(keyId);
    const arn = keyId.startsWith('arn:')
      ? keyId
      : `arn:aws:kms:${region}:${ACCOUNT}:${isAlias ? '' : 'key/'}${keyId}`;
    if (!arn.startsWith(`arn:aws:kms:${region}:`))
      throw new Refusal('NotFoundException', `Invalid arn ${region}`);
    if (isAlias && !aliases) throw new Refusal('NotFoundException', `Invalid keyId ${keyId}`);
    const key = isAlias ? this.#aliases.get(arn) : this.#keys.get(arn);
    if (key === undefined)
      throw new Refusal('NotFoundException', `${isAlias ? 'Alias' : 'Key'} '${arn}' does not exist`);
    return key;
  }
}

/** The region of a Signature Version 4 that covers what it must. The signature itself is not computed. */
function signedRegion(headers: IncomingHttpHeaders): string {
  const form =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\/kms\/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/;
  const [, region, signed = ''] = form.exec(headers.authorization ?? '') ?? [];
  if (region === undefined)
    throw new Refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const covers = ['host', 'x-amz-date', 'x-amz-target'].every((name) => signed.split(';').includes(name));
  const date = String(headers['x-amz-date']).replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  if (!covers || !(Math.abs(Date.now() - Date.parse(date)) < MAX_SKEW_MS)) {
    throw new Refusal('InvalidSignatureException', 'Signature expired');
  }
  return region;
}

function wireHeaders(): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
}

export type { FakeKey, FakeState };
export { ACCOUNT, REGION };
