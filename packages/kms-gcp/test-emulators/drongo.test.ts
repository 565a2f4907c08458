import { faultSuite, googleRestBusy, httpFaultProxy } from '@weightseal/fault-proxy';
import { describe, expect, it } from 'vitest';
import { faultsOf, onRest } from '../test/faults.js';
import { restKeyAt, SECRETS } from '../test/keys.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_DRONGO';
const url = process.env[VARIABLE];
const ring = 'projects/weightseal-test/locations/global/keyRings/models';
const dataKey = new Uint8Array(32).fill(7);
let made = 0;

/** REST only. It encodes and does not encrypt, so a changed wrap may open: the contract is not for it. */
describe.skipIf(!url)(`drongo, skipped unless ${VARIABLE} is its URL`, () => {
  if (!url) return;

  it('what a key wraps it unwraps, in its own context only', async () => {
    const key = restKeyAt(url, { name: await newKey(url) });
    const wrapped = await key.wrap(dataKey, { model: 'm' });
    expect(await key.unwrap(wrapped, { model: 'm' })).toEqual(dataKey);
    for (const context of [{}, { model: 'n' }, { Model: 'm' }])
      await expect(key.unwrap(wrapped, context)).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
  });

  it('another key does not unwrap it, whatever the slot says', async () => {
    const [one, other] = [await newKey(url), await newKey(url)];
    const wrapped = await restKeyAt(url, { name: one }).wrap(dataKey, {});
    for (const keyVersion of [wrapped.keyVersion, `${other}/cryptoKeyVersions/1`]) {
      const refusal = restKeyAt(url, { name: other }).unwrap({ ...wrapped, keyVersion }, {});
      await expect(refusal).rejects.toMatchObject({ code: 'UNWRAP_REJECTED' });
    }
  });

  it('a key that does not exist gives KEY_NOT_FOUND', async () => {
    const key = restKeyAt(url, { name: `${ring}/cryptoKeys/missing` });
    await expect(key.wrap(dataKey, {})).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await expect(key.describe()).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  it('describes the key', async () => {
    const name = await newKey(url);
    expect(await restKeyAt(url, { name }).describe()).toEqual({
      uri: `gcp-kms://${name}`,
      primaryVersion: `${name}/cryptoKeyVersions/1`,
      algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
      state: 'enabled',
      protection: 'software',
    });
  });

  faultSuite(
    { describe, it: it.concurrent },
    {
      name: 'Cloud KMS on drongo',
      busy: googleRestBusy,
      async setup(deadlineMs) {
        const proxy = await httpFaultProxy({ upstream: url });
        const wrapper = restKeyAt(proxy.url, { name: await newKey(url), deadlineMs });
        return { wrapper, proxy, secrets: SECRETS };
      },
      ...faultsOf(onRest),
    },
  );
});

async function newKey(url: string): Promise<string> {
  const id = `key-${process.pid}-${++made}`;
  const body = JSON.stringify({ purpose: 'ENCRYPT_DECRYPT' });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/${ring}/cryptoKeys?cryptoKeyId=${id}`, {
    method: 'POST',
    headers,
    body,
  });
  const { name } = (await answer.json()) as { name: string };
  return name;
}
