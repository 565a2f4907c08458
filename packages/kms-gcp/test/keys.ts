import { createGcpKey, type GcpKey, type GcpKeyOptions } from '@weightseal/kms-gcp';
import { googleAuthLibrary, grpc } from 'google-gax';

/** Shaped like an OAuth 2 access token of Google. What no error may show. */
export const TOKEN = 'ya29.c.c0ASRK0GZ3EXAMPLEtokenOFaTestRunOnly-_4rTbq8WxvUo1EyN2mHs7KfJdLpQzC6iAgVe9';
export const SECRETS: readonly Uint8Array[] = [Buffer.from(TOKEN)];

type Options = Omit<GcpKeyOptions, 'client' | 'clientOptions' | 'transport'>;

/** A key of the gRPC server at `host:port`, through the official SDK. */
export function grpcKeyAt(address: string, options: Options): GcpKey {
  return createGcpKey({ ...options, ...grpcAt(address) });
}

/** What leads there. */
export function grpcAt(address: string): Pick<GcpKeyOptions, 'clientOptions'> {
  const [apiEndpoint = '', port] = address.split(':');
  const sslCreds = grpc.credentials.createInsecure();
  // Without one, the SDK would look for a metadata server.
  const authClient = new googleAuthLibrary.PassThroughClient();
  return { clientOptions: { apiEndpoint, port: Number(port), sslCreds, authClient } };
}

/** A key of the REST server at the URL, through the official SDK. */
export function restKeyAt(url: string, options: Options): GcpKey {
  return createGcpKey({ ...options, ...restAt(url) });
}

/** What leads there. */
export function restAt(url: string): Pick<GcpKeyOptions, 'clientOptions' | 'transport'> {
  const { hostname: apiEndpoint, port, protocol } = new URL(url);
  const authClient = new googleAuthLibrary.OAuth2Client();
  authClient.setCredentials({ access_token: TOKEN });
  const clientOptions = { apiEndpoint, port: Number(port), protocol: protocol.slice(0, -1), authClient };
  return { transport: 'rest', clientOptions };
}
