import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTlsOptions } from '@weightseal/transit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority, client, crl, DAY, type Made, server } from './support/authorities.ts';
import { meet, met } from './support/meet.ts';
import { refused } from './support/refused.ts';

let root: Made;
let own: Made;
let directory: string;
beforeAll(async () => {
  root = await authority();
  own = await server(root);
  directory = await mkdtemp(join(tmpdir(), 'weightseal-transit-'));
});
afterAll(() => rm(directory, { recursive: true }));

const pem = (text: string | Uint8Array) => ({ pem: text });
const make = (rest: object = {}) =>
  createTlsOptions({
    role: 'server',
    certificate: pem(own.pem),
    key: pem(own.key),
    ca: pem(root.pem),
    ...rest,
  });
const file = async (name: string, text: string, mode = 0o600): Promise<string> => {
  const path = join(directory, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
};

describe('options of TLS', () => {
  it('are TLS 1.3 with certificates on both sides, whatever else there is', async () => {
    expect(await make()).toMatchObject({
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
    });
    const one = await client(root);
    const tls = await make({ role: 'client', certificate: pem(one.pem), key: pem(one.key), alpn: ['h2'] });
    expect(tls).toMatchObject({ rejectUnauthorized: true, maxCachedSessions: 0, ALPNProtocols: ['h2'] });
    expect(tls).not.toHaveProperty('key');
  });

  it.each<[object, string]>([
    [{ role: undefined }, "must be 'server' or 'client'"],
    [{ role: 'both' }, "must be 'server' or 'client'"],
    [{ rejectUnauthorized: true }, 'always verified'],
    [{ requestCert: false }, 'always asked for'],
    [{ minVersion: 'TLSv1.2' }, 'TLS 1.3'],
    [{ ciphers: 'ALL' }, 'suites'],
    [{ privateKeyEngine: 'pkcs11' }, 'engines'],
    [{ checkServerIdentity: () => undefined }, 'always checked'],
    [{ allowDevelopement: true }, 'did you mean allowDevelopment'],
    [{ serverNames: ['dns:a.example'] }, 'no option "serverNames"'],
    [{ ca: undefined }, 'needs `ca`'],
    [{ key: undefined }, 'needs `key`'],
    [{ key: 1 }, 'is a path'],
    [{ alpn: [] }, 'at least one protocol'],
    [{ passphrase: 'text' }, 'is bytes, or'],
    [{ role: 'client', serverNames: [] }, 'is empty'],
  ])('%j are refused', async (rest, why) => {
    await refused(() => make(rest), 'INVALID_ARGUMENT', why);
  });

  it('are refused where something does not fit', async () => {
    const [old, early, other] = await Promise.all([
      server(root, { from: -3 * DAY, until: -DAY }),
      server(root, { from: DAY }),
      client(root),
    ]);
    const of = (made: Made) => ({ certificate: pem(made.pem), key: pem(made.key) });
    await refused(() => make(of(old)), 'CERTIFICATE_EXPIRED');
    await refused(() => make(of(early)), 'CERTIFICATE_NOT_YET_VALID');
    await refused(() => make(of(other)), 'CERTIFICATE_USAGE', 'serverAuth');
    const middle = await authority({ name: 'CN=Middle', until: -DAY }, root);
    await refused(() => make({ certificate: pem(own.pem + middle.pem) }), 'CERTIFICATE_EXPIRED', 'CN=Middle');
    await refused(() => make({ key: pem(other.key) }), 'CERTIFICATE_INVALID', 'another key');
    await refused(() => make({ ca: pem(own.pem) }), 'CERTIFICATE_USAGE', 'is in `ca`');
    await refused(() => make({ ca: pem('') }), 'CERTIFICATE_INVALID', 'has no CERTIFICATE');
    await refused(() => make({ certificate: pem(own.pem + own.key) }), 'CERTIFICATE_INVALID', 'PRIVATE KEY');
    await refused(
      () => make({ certificate: pem(own.pem + root.pem.slice(0, 90)) }),
      'CERTIFICATE_INVALID',
      'without its end',
    );
    await refused(() => make({ key: pem('nonsense') }), 'KEY_FILE_INVALID');
    const stale = await crl(root, [], { from: -3 * DAY, until: -DAY });
    await refused(() => make({ crl: pem(stale) }), 'REVOCATION_UNKNOWN', 'counted until');
    const others = await crl(await authority({ name: 'CN=Else' }));
    await refused(() => make({ crl: pem(others) }), 'REVOCATION_UNKNOWN', 'is not in `crl`');
  });
});

describe('files', () => {
  it('that are no regular ones are refused at once', async (context) => {
    const path = join(directory, 'pipe');
    if (spawnSync('mkfifo', [path]).status !== 0) return context.skip('there is no mkfifo');
    for (const option of ['certificate', 'ca', 'crl'])
      await refused(() => make({ [option]: path }), 'INVALID_ARGUMENT', 'no regular file');
    await refused(() => make({ certificate: directory }), 'INVALID_ARGUMENT', 'no regular file');
  });

  it('that are too long are refused, in memory too', async () => {
    const long = own.pem + '\n'.repeat(1_048_576);
    await refused(() => make({ certificate: pem(long) }), 'INVALID_ARGUMENT', 'over 1048576 bytes');
    const path = await file('long.pem', long);
    await refused(() => make({ certificate: path }), 'INVALID_ARGUMENT', 'over 1048576 bytes');
  });
});

it('an authority whose key is too weak is not trusted', async () => {
  const weak = await authority({ name: 'CN=Weak', weak: true });
  await refused(() => make({ ca: pem(root.pem + weak.pem) }), 'SIGNING_KEY_UNFIT', 'CN=Weak');
});

describe('a private key', () => {
  it("in a file is nobody else's", async () => {
    const [certificate, ca] = [await file('cert.pem', own.pem, 0o644), await file('ca.pem', root.pem, 0o644)];
    const key = await file('key.pem', own.key);
    const tls = await make({ certificate, ca: pathToFileURL(ca), key });
    const one = await client(root);
    expect(await meet(tls, { key: one.key, cert: one.pem, ca: root.pem })).toEqual(met);
    await chmod(directory, 0o755);
    await chmod(key, 0o644);
    await refused(() => make({ certificate, ca, key }), 'KEY_FILE_EXPOSED', 'mode 0644');
    await refused(() => make({ certificate, ca, key: `${key}.not` }), 'KEY_NOT_FOUND');
    await refused(
      () => make({ certificate: `${certificate}.not`, ca, key: pem(own.key) }),
      'INPUT_NOT_FOUND',
    );
  });

  it('may be encrypted, and what is wrong with it says nothing of it', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypted = createPrivateKey(own.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'correct horse',
    }) as string;
    const passphrase = Buffer.from('correct horse');
    const tls = await make({ key: pem(encrypted), passphrase });
    expect(passphrase.toString()).toBe('correct horse');
    expect(tls).not.toHaveProperty('passphrase');
    const one = await client(root);
    expect(await meet(tls, { key: one.key, cert: one.pem, ca: root.pem })).toEqual(met);
    await make({ key: pem(encrypted), passphrase: { file: await file('phrase', 'correct horse\n') } });
    await refused(() => make({ key: pem(encrypted) }), 'PASSPHRASE_REQUIRED');
    await refused(
      () => make({ key: pem(encrypted), passphrase: Buffer.from('wrong') }),
      'KEY_FILE_INVALID',
      'passphrase',
    );
    const plain = privateKey.export({ type: 'sec1', format: 'pem' }) as string;
    await refused(() => make({ key: pem(plain) }), 'CERTIFICATE_INVALID', 'another key');
  });
});
