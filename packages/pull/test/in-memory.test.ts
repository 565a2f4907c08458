import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, storeLocation, trustJudge } from '@weightseal/config';
import { MANIFEST_NAME, openBundle, SIGNATURE_NAME } from '@weightseal/core';
import { load } from '@weightseal/loader';
import { afterAll, expect, it } from 'vitest';
import { acme, bytesOf, fresh, keys, MIB, releasedBundle, sign, somebody } from './support/releases.js';
import { FILES, Served } from './support/served.js';

// What is not pulled to a disk, but opened from where it lies: by stores, with the same certificates and the same policy.

const site = await fresh();
const weights = bytesOf(6 * MIB, 1);
await releasedBundle(join(site, 'llama'), { 'model.bin': weights });
const server = await Served.start(site);
afterAll(() => server[Symbol.asyncDispose]());

const directory = await fresh();
for (const [name, bytes] of Object.entries(FILES))
  await writeFile(join(directory, name), bytes, { mode: 0o600 });
await writeFile(join(directory, 'release.pub.pem'), acme.pem);
const path = join(directory, 'weightseal.config.json');
const tls = { certificate: 'client.pem', key: 'client-key.pem', ca: 'ca.pem', allowDevelopment: true };
await writeFile(
  path,
  JSON.stringify({
    keys: { none: 'local:none' },
    stores: { [server.url]: { tls } },
    trust: [{ model: 'acme/*', signers: [{ key: 'release.pub.pem' }] }],
  }),
);
const config = await loadConfig({ path });
const trust = (await trustJudge(config))!;

it.runIf(process.platform === 'linux')(
  'a bundle goes from a server into memory, once its release is judged',
  async () => {
    const location = await storeLocation(config, `${server.url}/llama`);
    await using loaded = await load(location, { keys, trust, context: { model: 'acme/llama' } });
    expect(loaded.size).toBe(weights.length);
    await location.store.close();
  },
);

it('one of somebody else is opened from nowhere, and no key is asked', async () => {
  await sign(join(site, 'llama'), await somebody());
  const location = await storeLocation(config, `${server.url}/llama`);
  const before = keys[0]!.calls;
  await expect(openBundle(location, { keys, trust })).rejects.toMatchObject({ code: 'SIGNER_UNTRUSTED' });
  await rm(join(site, 'llama', SIGNATURE_NAME));
  await expect(openBundle(location, { keys, trust })).rejects.toMatchObject({ code: 'SIGNATURE_MISSING' });
  await rm(join(site, 'llama', MANIFEST_NAME));
  await expect(openBundle(location, { keys, trust })).rejects.toMatchObject({ code: 'MANIFEST_MISSING' });
  expect(keys[0]!.calls).toBe(before);
  await location.store.close();
});
