import { KMSClient } from '@aws-sdk/client-kms';
import type { Signer } from '@weightseal/core';
import type { AwsKey, AwsKeyOptions } from '@weightseal/kms-aws';
import { afterAll } from 'vitest';
import { FakeKms, REGION } from '../test/fake-kms.js';
import { CREDENTIALS, keyAt, signerAt } from '../test/keys.js';

export { REGION };

/** A server that others wrote, where its variable names one by its URL. */
export interface Emulator {
  readonly url: string;
  /** For what a wrapper does not do: to create keys, disable them, replicate them. */
  admin(region?: string): KMSClient;
  key(options: AwsKeyOptions): AwsKey;
  signer(options: AwsKeyOptions): Signer;
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
    signer: (options) => signerAt(url, options),
  };
}

/** What no emulator offers: a server that never answers, and one that is not there. */
export async function unwilling(): Promise<{ slow: AwsKey; unavailable: AwsKey }> {
  const { silent, gone } = await absent();
  return {
    slow: keyAt(silent, { ...UNWILLING, deadlineMs: 400 }),
    unavailable: keyAt(gone, UNWILLING),
  };
}

/** The same for signers. */
export async function unwillingSigners(): Promise<{ slow: Signer; unavailable: Signer }> {
  const { silent, gone } = await absent();
  return {
    slow: signerAt(silent, { ...UNWILLING, deadlineMs: 400 }),
    unavailable: signerAt(gone, UNWILLING),
  };
}

const UNWILLING = { keyId: 'alias/unwilling', region: REGION };

async function absent(): Promise<{ silent: string; gone: string }> {
  const silent = await FakeKms.start();
  silent.silent = true;
  afterAll(() => silent[Symbol.asyncDispose]());
  const gone = await FakeKms.start();
  const { url } = gone;
  await gone[Symbol.asyncDispose]();
  return { silent: silent.url, gone: url };
}
