import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { escaped } from '../src/request.js';
import { signed } from '../src/sigv4.js';
import { answering, object, refusal } from './answering.js';
import { SESSION, storeAt } from './stores.js';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('a signature', () => {
  it('is the one that the guide of S3 has for a GET of a range', () => {
    const { authorization } = signed(
      {
        path: '/test.txt',
        query: '',
        headers: {
          host: 'examplebucket.s3.amazonaws.com',
          range: 'bytes=0-9',
          'x-amz-content-sha256': EMPTY,
        },
      },
      {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
        region: 'us-east-1',
        service: 's3',
      },
      Date.UTC(2013, 4, 24),
    );
    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('is the one that the SDK makes, whatever the object is called', async () => {
    const requests: { path: string; query: Record<string, string>; headers: Record<string, string> }[] = [];
    const handle = async (request: (typeof requests)[number]) => {
      requests.push(request);
      throw new Error('nobody is asked');
    };
    let compared = 0;
    const client = new S3Client({
      region: 'eu-central-1',
      credentials: SESSION,
      maxAttempts: 1,
      requestHandler: { handle } as never,
    });
    const key = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(key, fc.nat(), async (Key, from) => {
        const command = new GetObjectCommand({
          Bucket: 'models',
          Key,
          Range: `bytes=${from}-`,
          IfMatch: '"a  b"',
        });
        await client.send(command).catch(() => {});
        // Some names the SDK itself refuses.
        const sent = requests.pop();
        if (!sent) return;
        compared++;
        const { authorization, ...rest } = sent.headers;
        const names = /SignedHeaders=([^,]+)/.exec(authorization!)![1]!.split(';');
        const headers = Object.fromEntries(names.map((name) => [name, rest[name]!]));
        const at = rest['x-amz-date']!.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
        const query = Object.entries(sent.query)
          .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
          .sort()
          .join('&');
        const signer = { ...SESSION, region: 'eu-central-1', service: 's3' };
        expect(signed({ path: sent.path, query, headers }, signer, Date.parse(at))['authorization']).toBe(
          authorization,
        );
      }),
    );
    expect(compared).toBeGreaterThan(50);
  });
});

describe('ranges after the first', async () => {
  const BYTES = Buffer.from('0123456789');
  const server = await answering(object(BYTES));
  const store = storeAt(server.url, 'models', { credentials: SESSION, bucketOwner: '123456789012' });
  afterAll(async () => {
    await store.close();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    server.answer = object(BYTES);
  });
  const call = () => ({ signal: new AbortController().signal });
  const read = async (key: string) => {
    const { body } = await store.read(key, { offset: 2, length: 3, version: '"one"' }, call());
    return Buffer.concat(await Array.fromAsync(body)).toString();
  };
  /** Of the SDK alone. */
  const bySdk = () => server.seen.map(({ headers }) => 'amz-sdk-request' in headers);

  it('are asked for as the SDK asks for them, without it', async () => {
    server.seen.length = 0;
    for (const key of ['first', 'a b/ü(1)', "it's*"]) expect(await read(key)).toBe('234');
    expect(bySdk()).toEqual([true, false, false]);
    expect(server.seen.map(({ path }) => path)).toEqual([
      '/models/first',
      '/models/a%20b/%C3%BC%281%29',
      '/models/it%27s%2A',
    ]);
    const [sdk, own] = server.seen.map(({ headers, query }) => ({ headers, query: query.toString() }));
    expect(own!.query).toBe(sdk!.query);
    const kept = [
      'host',
      'range',
      'if-match',
      'user-agent',
      'x-amz-security-token',
      'x-amz-content-sha256',
      'x-amz-expected-bucket-owner',
    ];
    for (const name of kept) expect(own!.headers[name], name).toBe(sdk!.headers[name]);
    expect(own!.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ASIA/);
  });

  it.each<[number, string, string]>([
    [412, 'PreconditionFailed', 'INPUT_CHANGED'],
    [404, 'NoSuchKey', 'INPUT_NOT_FOUND'],
    [403, 'AccessDenied', 'STORE_DENIED'],
    [400, 'ExpiredToken', 'STORE_DENIED'],
    [503, 'SlowDown', 'STORE_THROTTLED'],
    [500, 'InternalError', 'STORE_UNAVAILABLE'],
    [301, 'PermanentRedirect', 'STORE_RESPONSE_INVALID'],
  ])(
    'that are refused (%i, %s) have the code that the SDK\u2019s have, and the next is its own',
    async (status, word, code) => {
      await read('m');
      await read('m');
      server.seen.length = 0;
      server.answer = refusal(status, word);
      const own: unknown = await read('m').catch((error: unknown) => error);
      const sdk: unknown = await read('m').catch((error: unknown) => error);
      expect(bySdk()).toEqual([false, true]);
      expect(own).toMatchObject({ code, message: (sdk as Error).message });
      expect((own as Error).cause).toEqual((sdk as Error).cause);
    },
  );
});
