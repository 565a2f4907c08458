import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The settings of S3 that are kept as they are put, and the error where nothing was. Requests and answers have the same documents there. */
const ABSENT: Readonly<Record<string, string>> = {
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  policy: 'NoSuchBucketPolicy',
  ownershipControls: 'OwnershipControlsNotFoundError',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  lifecycle: 'NoSuchLifecycleConfiguration',
  versioning: '',
};
const ALWAYS: Readonly<Record<string, string>> = {
  location: '<LocationConstraint>eu-central-1</LocationConstraint>',
  acl: '<AccessControlPolicy><Owner><ID>us</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>us</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>',
};

export interface S3Server extends AsyncDisposable {
  readonly settings: Record<string, string>;
  /** Where the SDK of AWS finds it, by what it reads of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settings that may not be written. */
  readonly denied: Set<string>;
  /** Called before a setting is written, and waited for. */
  writing: (setting: string) => void | Promise<void>;
}

/** One bucket with settings, and no objects. It checks no signature. */
export async function s3Server(): Promise<S3Server> {
  const settings: Record<string, string> = {};
  const denied = new Set<string>();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const name = [...Object.keys(ABSENT), ...Object.keys(ALWAYS)].find((one) => searchParams.has(one)) ?? '';
    const answer = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
    const error = (status: number, code: string) => answer(status, `<Error><Code>${code}</Code></Error>`);
    if (!(name in ABSENT) && !(name in ALWAYS)) return error(501, 'NotImplemented');
    if (request.method !== 'GET' && denied.has(name)) return error(403, 'AccessDenied');
    if (request.method !== 'GET') await made.writing(name);
    if (request.method === 'PUT') settings[name] = body;
    if (request.method === 'DELETE') delete settings[name];
    if (request.method !== 'GET') return answer(request.method === 'PUT' ? 200 : 204, '');
    const found =
      ALWAYS[name] ?? settings[name] ?? (ABSENT[name] === '' ? '<VersioningConfiguration/>' : undefined);
    return found === undefined ? error(404, ABSENT[name]!) : answer(200, found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const made: S3Server = {
    settings,
    denied,
    writing: () => {},
    environment: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'weightseal',
      AWS_SECRET_ACCESS_KEY: 'secret-of-a-test-run',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return made;
}
