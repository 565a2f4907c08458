import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { s3Storage } from '@weightseal/storage-audit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

// What the SDK's own client makes of what is answered, byte for byte.
let answers: Record<string, string> = {};
const regionsOfKeys: (string | undefined)[] = [];
const server = createServer((request, response) => {
  if (request.headers['x-amz-target'] === 'TrentService.DescribeKey') {
    const region = /Credential=[^/]+\/\d+\/([^/]+)\/kms\//.exec(request.headers.authorization ?? '')?.[1];
    regionsOfKeys.push(region);
    const Arn = `arn:aws:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    const KeyMetadata = {
      Arn,
      KeyId: 'x',
      KeyState: 'Enabled',
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
    };
    response.end(JSON.stringify({ KeyMetadata }));
    return;
  }
  const { searchParams } = new URL(request.url ?? '', 'http://localhost');
  const found = Object.entries(answers).find(([name]) => searchParams.has(name))?.[1];
  response
    .writeHead(found === undefined ? 403 : 200)
    .end(found ?? '<Error><Code>AccessDenied</Code></Error>');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const storage = s3Storage('models', {
  endpoint,
  kmsEndpoint: endpoint,
  pathStyle: true,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'weightseal', secretAccessKey: 'secret-of-a-test-run' },
});
afterAll(() => {
  storage.close();
  server.close();
});
beforeEach(() => {
  answers = {};
});

const rules = (more: string) =>
  `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>old</ID><Filter/><Status>Enabled</Status><Expiration><Days>9</Days>${more}</Expiration></Rule></LifecycleConfiguration>`;

describe('a key whose URI tells a region', () => {
  it('is looked for there, and refused where the bucket is not', async () => {
    answers['location'] =
      '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-central-1</LocationConstraint>';
    answers['encryption'] = '<ServerSideEncryptionConfiguration/>';
    const only = ['s3/default-key'];
    const { refused } = await storage.plan({ key: 'aws-kms://alias/models?region=us-east-1', only });
    expect(regionsOfKeys).toEqual(['us-east-1']);
    expect(refused[0]?.reason).toContain('in us-east-1, and the bucket in eu-central-1');
  });

  it('is refused where that is none, or an ARN tells it already', async () => {
    const arn = 'arn:aws:kms:us-east-1:111122223333:alias/models';
    for (const key of ['alias/models?region=a/b', `${arn}?region=us-east-1`, 'alias/models?zone=a'])
      await expect(storage.plan({ key: `aws-kms://${key}` })).rejects.toMatchObject({
        code: expect.stringMatching(/^(INVALID_ARGUMENT|KEY_URI_INVALID)$/),
      });
  });
});

describe('what is on the wire', () => {
  it('is changed only where nothing of it would be lost', async () => {
    const only = ['s3/incomplete-uploads'];
    answers['lifecycle'] = rules('');
    expect((await storage.plan({ only })).changes).toHaveLength(1);
    answers['lifecycle'] = rules('<AllVersions>true</AllVersions>');
    expect((await storage.plan({ only })).refused).toMatchObject([
      { reason: expect.stringContaining('AllVersions') },
    ]);
    await expect(storage.read('lifecycle')).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' });
  });

  it('gets no policy that would refuse it', async () => {
    answers['policy'] = '{"Version":"2012-10-17","Statement":[]}';
    const { refused, changes } = await storage.plan({ only: ['s3/policy-tls', 's3/customer-keys'] });
    expect(refused).toMatchObject([
      { check: 's3/policy-tls', reason: expect.stringContaining('without TLS') },
    ]);
    expect(changes).toMatchObject([{ checks: ['s3/customer-keys'] }]);
  });
});
