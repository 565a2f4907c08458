import { KMSClient } from '@aws-sdk/client-kms';
import type { AwsKey, AwsKeyOptions } from '@weightseal/kms-aws';
import { afterAll } from 'vitest';
import { FakeKms, REGION } from '../test/fake-kms.js';
import { CREDENTIALS, keyAt } from '../test/keys.js';

export { REGION };

/** A server that others wrote, where its variable names one by its URL. */
export interface Emulator {
  readonly url: string;
  /** For what a wrapper does not do: to create keys, disable them, replicate them. */
  admin(region?: string): KMSClient;
  key(options: AwsKeyOptions): AwsKey;
}

export function emulatorAt(variable: string): Emulator | undefined {
  const url = process.env[variable];
  if (!url) return undefined;
  const admins: KMSClient[] = [];
  afterAll(() => {
    for (const client of admins) client.destroy();
  });
  return {
    url,
    admin(region = REGION) {
      const client = new KMSClient({ endpoint: url, region, credentials: CREDENTIALS });
      admins.push(client);
      return client;
    },
    key: (options) => keyAt(url, options),
  };
}

/** What no emulator offers: a server that never answers, and one that is not there. */
export async function unwilling(): Promise<{ slow: AwsKey; unavailable: AwsKey }> {
  const silent = await FakeKms.start();
  silent.silent = true;
  afterAll(() => silent[Symbol.asyncDispose]());
  const gone = await FakeKms.start();
  const { url } = gone;
  await gone[Symbol.asyncDispose]();
  const named = { keyId: 'alias/unwilling', region: REGION };
  return { slow: keyAt(silent.url, { ...named, deadlineMs: 400 }), unavailable: keyAt(url, named) };
}
