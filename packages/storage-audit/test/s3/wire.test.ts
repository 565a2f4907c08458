import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { S3ControlClient } from '@aws-sdk/client-s3-control';
import { auditS3, type Finding, type S3AuditOptions } from '@weightseal/storage-audit';
import { afterAll, describe, expect, it } from 'vitest';
import { clientOf, SOUND } from './fake.js';

const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret-of-a-test-run' };
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

type Answer = readonly [status: number, xml: string];
const DENIED: Answer = [403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'];

async function serve(answer: (request: IncomingMessage) => Answer | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const [status, xml] = answer(request) ?? [0, ''];
    if (status === 0) request.socket.destroy();
    else response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function audited(endpoint: string, options: S3AuditOptions = {}): Promise<Finding[]> {
  const at = { endpoint, pathStyle: true, region: 'us-east-1', credentials: CREDENTIALS };
  return Array.fromAsync(auditS3('models', { ...at, ...options }));
}

describe('through the official SDK', () => {
  it('all is signed but what anybody could ask', async () => {
    const asked: { readonly signed: boolean; readonly url: string }[] = [];
    const endpoint = await serve(({ headers, url = '' }) => {
      const signed = headers.authorization !== undefined;
      asked.push({ signed, url });
      expect(JSON.stringify(headers).includes('anonymous')).toBe(false);
      return signed && url.includes('list-type=2')
        ? [200, '<ListBucketResult><Contents><Key>bert.sealed</Key></Contents></ListBucketResult>']
        : DENIED;
    });
    const findings = await audited(endpoint);
    const passed = findings.filter(({ outcome }) => outcome === 'passed');
    expect(passed).toMatchObject([
      { check: 's3/anonymous', evidence: expect.stringContaining('bert.sealed') },
    ]);
    const unsigned = asked.filter(({ signed }) => !signed).map(({ url }) => url.split('?')[0]);
    expect(unsigned).toEqual(['/models', '/models/bert.sealed'].map((path) => expect.stringContaining(path)));
    // Keys of Amazon are no matter of another server.
    expect(findings.find(({ check }) => check === 's3/account-public-access')?.outcome).toBe('unread');
  });

  it('what is there is read as S3 sends it', async () => {
    const encryption =
      '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>';
    const endpoint = await serve(({ url = '' }) => (url.includes('encryption') ? [200, encryption] : DENIED));
    const findings = await audited(endpoint, { anonymous: false });
    const outcome = (id: string) => findings.find(({ check }) => check === id)?.outcome;
    expect(outcome('s3/default-encryption')).toBe('failed');
    expect(outcome('s3/customer-keys')).toBe('passed');
  });

  it('connections that break make nothing pass', async () => {
    const endpoint = await serve(() => undefined);
    const findings = await audited(endpoint, { deadlineMs: 100 });
    expect([...new Set(findings.map(({ outcome }) => outcome))]).toEqual(['unread']);
  });

  it('an answer that is too long is none', async () => {
    const endpoint = await serve(() => [200, `<a>${'x'.repeat(5 << 20)}</a>`]);
    const [found] = await audited(endpoint);
    expect(found).toMatchObject({
      outcome: 'unread',
      evidence: expect.stringContaining('could not be understood'),
    });
  });

  it('the block of the account is asked for at its own host', async () => {
    const hosts: string[] = [];
    const requestHandler = {
      async handle({ hostname, path }: { hostname: string; path: string }) {
        hosts.push(`${hostname}${path}`);
        const flags = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
        const xml = flags.map((flag) => `<${flag}>true</${flag}>`).join('');
        const body = Readable.from([
          Buffer.from(`<PublicAccessBlockConfiguration>${xml}</PublicAccessBlockConfiguration>`),
        ]);
        return { response: { statusCode: 200, headers: {}, body } };
      },
    };
    const region = 'eu-central-1';
    const s3Control = new S3ControlClient({
      region,
      credentials: CREDENTIALS,
      requestHandler: requestHandler as never,
    });
    const clients = { s3: clientOf(SOUND), s3Control };
    const findings = await Array.fromAsync(auditS3('models', { clients, bucketOwner: '111122223333' }));
    expect(findings.find(({ check }) => check === 's3/account-public-access')?.outcome).toBe('passed');
    expect(hosts).toEqual([
      '111122223333.s3-control.eu-central-1.amazonaws.com/v20180820/configuration/publicAccessBlock',
    ]);
  });
});
