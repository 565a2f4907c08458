import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signDirectory, type TrustedSigner, verifyDirectory } from '@weightseal/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refused } from '../test/support/refused.ts';
import { type Instance, ISSUER, startInstance, tokenOf } from '../test/support/sigstore.ts';
import { tool, why } from './support.ts';

// Sigstore without its public instance: the services of @sigstore/mock, which the reference implementation is told to use.
const ME = 'release@example.com';

/** Of the services in this process, so it must not wait for them while it runs. */
function reference(args: readonly string[]): Promise<{ good: boolean; said: string }> {
  return new Promise((resolve) => {
    execFile(tool!, args, { encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ good: error === null, said: `${stdout}${stderr}` }),
    );
  });
}

/** What the reference implementation takes for an instance: whom to trust, and where to sign. */
function trustConfig({ url, trustedRoot }: Instance): string {
  const service = (majorApiVersion: number) => ({
    url,
    majorApiVersion,
    validFor: { start: '1970-01-01T00:00:00Z' },
    operator: 'mock',
  });
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
    trustedRoot: JSON.parse(readFileSync(trustedRoot, 'utf8')),
    signingConfig: {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: [service(1)],
      oidcUrls: [service(1)],
      rekorTlogUrls: [service(1)],
      rekorTlogConfig: { selector: 'ANY' },
      // The log tells the time.
      tsaUrls: [],
      tsaConfig: { selector: 'ANY' },
    },
  });
}

/** The mock's log has a single entry, the first: JSON of protobuf leaves out its index, and the empty list of hashes beside it, which a log of more has. */
function withZeros(signature: string): void {
  const bundle = JSON.parse(readFileSync(signature, 'utf8'));
  const { inclusionProof } = bundle.verificationMaterial.tlogEntries[0];
  Object.assign(inclusionProof, { logIndex: '0', hashes: [] });
  writeFileSync(signature, JSON.stringify(bundle));
}

describe.skipIf(!tool)(`the reference implementation, with Sigstore (${why})`, () => {
  const base = mkdtempSync(join(tmpdir(), 'keyless-'));
  const model = join(base, 'model');
  const config = join(base, 'trust-config.json');
  let instance: Instance;
  beforeAll(async () => {
    instance = await startInstance();
    mkdirSync(model);
    for (let at = 0; at < 20; at++) writeFileSync(join(model, `${at}.bin`), `shard ${at}`);
    writeFileSync(config, trustConfig(instance));
  });
  afterAll(async () => {
    await instance[Symbol.asyncDispose]();
    rmSync(base, { recursive: true });
  });

  const verify = (signature: string, identity = ME) =>
    reference(
      [
        ['verify', 'sigstore', model, '--signature', signature, '--trust_config', config],
        ['--identity', identity, '--identity_provider', ISSUER],
      ].flat(),
    );
  const trusted = (identity = ME): TrustedSigner[] => [
    { sigstore: { identity, issuer: ISSUER, trustedRoot: instance.trustedRoot } },
  ];

  it('verifies what is signed here', async () => {
    const signature = join(base, 'ours.sig');
    const signing = { sigstore: { ...instance.as(ME), timestampUrl: instance.url } };
    await signDirectory(model, signature, signing);
    withZeros(signature);
    expect(await verify(signature)).toMatchObject({ good: true });
    expect(await verify(signature, 'somebody@example.com')).toMatchObject({ good: false });
  });

  it('signs what is verified here', async () => {
    const signature = join(base, 'theirs.sig');
    const signed = await reference([
      ...['sign', 'sigstore', model, '--signature', signature, '--trust_config', config],
      ...['--identity_token', tokenOf(ME)],
    ]);
    expect(signed).toEqual({ good: true, said: 'Signing succeeded\n' });
    await verifyDirectory(model, readFileSync(signature), trusted());
    await refused(
      () => verifyDirectory(model, readFileSync(signature), trusted('somebody@example.com')),
      'SIGNER_UNTRUSTED',
    );
  });
});
