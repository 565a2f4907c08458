// Where the clouds are while this example runs: servers on this machine, as `npx pnpm@12 test:emulators` starts them. Against the real
// clouds nothing of this file is needed: delete it, and `{ providers }` with it.
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DefaultAzureCredential } from '@azure/identity';
import { KeyClient } from '@azure/keyvault-keys';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { googleAuthLibrary, grpc } from 'google-gax';

const {
  WEIGHTSEAL_EMULATOR_MOTO: aws,
  WEIGHTSEAL_EMULATOR_FAKE_CLOUD_KMS: googleGrpc,
  WEIGHTSEAL_EMULATOR_DRONGO: googleRest,
  WEIGHTSEAL_EMULATOR_AZURE: azure,
} = process.env;

const atAws = {
  endpoint: aws ?? '',
  region: 'eu-central-1',
  credentials: { accessKeyId: 'emulator', secretAccessKey: 'emulator' },
};
const google = googleGrpc ? `http://${googleGrpc}` : googleRest;
const { hostname: apiEndpoint, port } = new URL(google ?? 'http://localhost');
const atGoogle = {
  apiEndpoint,
  port: Number(port),
  authClient: new googleAuthLibrary.PassThroughClient(),
  ...(googleGrpc ? { sslCreds: grpc.credentials.createInsecure() } : { fallback: true, protocol: 'http' }),
};

// The SDK would ask the real login service whether the one that AZURE_AUTHORITY_HOST names is known.
const atAzure = { credential: new DefaultAzureCredential({ disableInstanceDiscovery: true }) };

/** Options that the keys of each cloud get. */
export const providers = {
  ...(aws && { 'aws-kms': { clientConfig: atAws } }),
  ...(google && { 'gcp-kms': { clientOptions: atGoogle } }),
  ...(azure && { 'azure-kv': atAzure }),
};

/** Makes the keys that the configuration names, with each cloud's own SDK. Returns the profiles that can be used. */
export async function makeKeys(): Promise<string[]> {
  const made: string[] = [];
  if (aws) {
    const kms = new KMSClient(atAws);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/models', TargetKeyId: KeyMetadata?.KeyId }));
    kms.destroy();
    made.push('aws');
  }
  if (google) {
    const kms = new KeyManagementServiceClient(atGoogle);
    const parent = 'projects/weightseal-demo/locations/europe-west3';
    await kms.createKeyRing({ parent, keyRingId: 'serving' });
    const keyRing = `${parent}/keyRings/serving`;
    await kms.createCryptoKey({
      parent: keyRing,
      cryptoKeyId: 'models',
      cryptoKey: { purpose: 'ENCRYPT_DECRYPT' },
    });
    await kms.close();
    made.push('google');
  }
  if (azure) {
    await new KeyClient(azure, atAzure.credential).createRsaKey('models', { keySize: 2048 });
    made.push('azure');
  }
  return made;
}
