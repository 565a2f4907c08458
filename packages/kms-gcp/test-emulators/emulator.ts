import { KeyManagementServiceClient } from '@google-cloud/kms';
import { googleAuthLibrary, grpc } from 'google-gax';
import { afterAll } from 'vitest';

const PARENT = 'projects/weightseal-test/locations/global';

/** A server that others wrote. It makes keys, which no wrapper does. */
export class Emulator {
  readonly address: string;
  readonly client: KeyManagementServiceClient;
  #made = 0;
  #ring: Promise<string> | undefined;

  constructor(address: string) {
    this.address = address;
    const [apiEndpoint = '', port] = address.split(':');
    const authClient = new googleAuthLibrary.PassThroughClient();
    const sslCreds = grpc.credentials.createInsecure();
    this.client = new KeyManagementServiceClient({ apiEndpoint, port: Number(port), sslCreds, authClient });
    afterAll(() => this.client.close());
  }

  get missing(): string {
    return `${PARENT}/keyRings/missing/cryptoKeys/missing`;
  }

  /** The name of a new key. */
  async key(): Promise<string> {
    this.#ring ??= this.#makeRing();
    const parent = await this.#ring;
    const cryptoKeyId = `key-${process.pid}-${++this.#made}`;
    const [{ name }] = await this.client.createCryptoKey({
      parent,
      cryptoKeyId,
      cryptoKey: { purpose: 'ENCRYPT_DECRYPT' },
    });
    return name!;
  }

  async #makeRing(): Promise<string> {
    const keyRingId = `ring-${process.pid}-${Date.now()}-${Math.floor(Math.random() * 1e6)}`;
    const [{ name }] = await this.client.createKeyRing({ parent: PARENT, keyRingId, keyRing: {} });
    return name!;
  }
}

/** The emulator that the variable names by `host:port`. */
export function emulatorAt(variable: string): Emulator | undefined {
  const address = process.env[variable];
  return address === undefined ? undefined : new Emulator(address);
}
