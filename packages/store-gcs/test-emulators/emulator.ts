import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@weightseal/core';
import { closedPort, silentPort } from '@weightseal/fault-proxy';
import type { Subject } from '@weightseal/store-contract';
import { afterAll } from 'vitest';
import { storeAt, TOKEN } from '../test/server.js';

/** A server that others wrote, where its variable names one by its URL, with a bucket. */
export interface Emulator {
  readonly url: string;
  readonly store: ObjectStore;
  subject(): Promise<Subject>;
}

export async function emulatorAt(variable: string): Promise<Emulator | undefined> {
  const url = process.env[variable];
  if (!url) return undefined;
  // Another file of tests may have made it: then it is a conflict.
  await fetch(`${url}/storage/v1/b?project=weightseal-test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'models' }),
  });
  const [store, missing] = [storeAt(url), storeAt(url, 'no-such-bucket')];
  const unavailable = storeAt(`http://127.0.0.1:${await closedPort()}`);
  const silent = storeAt(`http://127.0.0.1:${await silentPort()}`);
  afterAll(() => Promise.all([store, missing, unavailable, silent].map((one) => one.close())));
  const secrets = async () => [Buffer.from(TOKEN)];
  return {
    url,
    store,
    subject: async () => ({
      store,
      prefix: `contract/${randomUUID()}`,
      missing,
      unavailable,
      silent,
      secrets,
    }),
  };
}
