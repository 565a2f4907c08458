import type { S3Client } from '@aws-sdk/client-s3';

interface Built {
  readonly request?: { readonly protocol?: string; readonly headers: Record<string, string> };
}

const WITH_BODIES = ['PutObjectCommand', 'UploadPartCommand'];

/**
 * The SDK signs the SHA-256 of each body, a second of this thread for each gigabyte or so. Over TLS, which authenticates it on its way, the signature is of the rest, with
 * the body's CRC32 in it, as the AWS CLI has it; what was sealed authenticates itself when it is opened.
 */
export function leaveBodiesUnsigned({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next, { commandName = '' }) =>
      async (asked) => {
        const { request } = asked as Built;
        if (request?.protocol === 'https:' && WITH_BODIES.includes(commandName))
          request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        return next(asked);
      },
    { name: 'weightsealUnsignedBodies', step: 'build', priority: 'low' },
  );
}
