import { spawnSync } from 'node:child_process';
import { webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevCa, createTlsOptions, writeDevCa } from '@weightseal/transit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authority, DAY, type Made, server, x509 } from './support/authorities.ts';
import { meet, met } from './support/meet.ts';
import { refused } from './support/refused.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-dev-ca-'));
});
afterEach(() => rm(directory, { recursive: true }));

const at = (name: string) => join(directory, 'dev', name);
const options = (role: 'server' | 'client', rest: object = {}) => ({
  role,
  certificate: at(`${role}.pem`),
  key: at(`${role}-key.pem`),
  ca: at('ca.pem'),
  allowDevelopment: true,
  ...rest,
});

describe('an authority for development', () => {
  it('lets a server and a client of this machine meet', async () => {
    await writeDevCa(join(directory, 'dev'), { name: 'models.test' });
    const [ofServer, ofClient] = [
      await createTlsOptions(options('server')),
      await createTlsOptions(options('client')),
    ];
    expect(await meet(ofServer, ofClient)).toEqual(met);
    for (const servername of ['localhost', 'models.test'])
      expect(await meet(ofServer, { ...ofClient, servername })).toEqual(met);
    expect(await meet(ofServer, { ...ofClient, servername: 'models.example' })).toMatchObject({
      client: 'CERTIFICATE_NAME_MISMATCH',
    });
    const named = await createTlsOptions(
      options('client', { serverNames: ['spiffe://dev.localhost/server'] }),
    );
    expect(await meet(ofServer, named)).toEqual(met);
  });

  it('is refused unless it is allowed, wherever it stands', async () => {
    await writeDevCa(join(directory, 'dev'));
    const production = await authority();
    const own = await server(production);
    for (const role of ['server', 'client'] as const)
      await refused(
        () => createTlsOptions(options(role, { allowDevelopment: false })),
        'CERTIFICATE_DEVELOPMENT',
        'allowDevelopment',
      );
    // Only what it is to trust, and only its own certificate.
    const given = { certificate: { pem: own.pem }, key: { pem: own.key }, allowDevelopment: undefined };
    await refused(() => createTlsOptions(options('server', given)), 'CERTIFICATE_DEVELOPMENT');
    const trusting = { ca: { pem: production.pem }, allowDevelopment: undefined };
    await refused(() => createTlsOptions(options('server', trusting)), 'CERTIFICATE_DEVELOPMENT');
  });

  it('counts for seven days, as all that it issues', () => {
    using ca = createDevCa();
    for (const { certificate } of [ca, ca.issue('server'), ca.issue('client')]) {
      const { validFrom, validTo } = new X509Certificate(certificate);
      expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(7 * DAY);
      expect(Date.parse(validTo)).toBe(ca.notAfter.getTime());
    }
  });

  it('has a root that issues no authorities, with names that everybody must heed', () => {
    using ca = createDevCa({ name: 'a.b.test', trustDomain: 'x.test' });
    const root = new x509.X509Certificate(ca.certificate);
    expect(root.getExtension(x509.BasicConstraintsExtension)).toMatchObject({
      ca: true,
      pathLength: 0,
      critical: true,
    });
    expect(root.getExtension('2.5.29.30')?.critical).toBe(true);
    const names = new x509.X509Certificate(ca.issue('client').certificate).getExtension(
      x509.SubjectAlternativeNameExtension,
    );
    expect(names?.names.toJSON()).toEqual([{ type: 'url', value: 'spiffe://x.test/client' }]);
  });

  it('is one by the strictest rules of OpenSSL', async (context) => {
    await writeDevCa(join(directory, 'dev'), { name: 'models.test' });
    for (const [role, other] of [
      ['server', 'client'],
      ['client', 'server'],
    ] as const) {
      const verify = (purpose: string) => {
        const how = ['verify', '-x509_strict', '-purpose', `ssl${purpose}`, '-CAfile', at('ca.pem')];
        return spawnSync('openssl', [...how, at(`${role}.pem`)], { encoding: 'utf8' });
      };
      const right = verify(role);
      if (right.error) return context.skip('there is no openssl');
      expect(right).toMatchObject({ status: 0, stdout: expect.stringContaining('OK') });
      expect(verify(other).status).not.toBe(0);
    }
  });

  it('that issues for other names is believed by nobody', async () => {
    using ca = createDevCa();
    const key = ca.rootKey();
    const der = x509.PemConverter.decodeFirst(key.toString());
    const signing = await webcrypto.subtle.importKey(
      'pkcs8',
      der,
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['sign'],
    );
    const keys = { privateKey: signing } as webcrypto.CryptoKeyPair;
    const issuer = { name: new x509.X509Certificate(ca.certificate).subjectName, keys };
    const mine = ca.issue('client');
    const tls = await createTlsOptions({
      role: 'client',
      certificate: { pem: mine.certificate },
      key: { pem: mine.key },
      ca: { pem: ca.certificate },
      allowDevelopment: true,
    });
    const go = async (made: Made) =>
      meet({ key: made.key, cert: made.pem }, { ...tls, servername: 'localhost' });
    const local = { type: 'dns', value: 'localhost' } as const;
    expect(await go(await server(issuer, { until: 6 * DAY }))).toEqual(met);
    for (const other of [
      { type: 'dns', value: 'models.example' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'url', value: 'spiffe://prod/server' },
    ] as const)
      expect(await go(await server(issuer, { names: [local, other] }))).toMatchObject({
        client: 'CERTIFICATE_INVALID',
      });
    const below = await authority({ name: 'CN=Below' }, issuer);
    const leaf = await server(below, { names: [local] });
    expect((await go({ ...leaf, pem: leaf.pem + below.pem })).answered).toBe(false);
  });

  it('that is forgotten issues nothing', async () => {
    const ca = createDevCa();
    ca.forget();
    await refused(() => ca.issue('server'), 'INVALID_ARGUMENT', 'forgotten');
    await refused(() => ca.rootKey(), 'INVALID_ARGUMENT', 'forgotten');
  });

  it.each([
    { name: 'example.com' },
    { name: 'test' },
    { name: '*.test' },
    { name: 'A.test' },
    { name: 'a.test.example' },
    { name: '' },
    { trustDomain: 'prod' },
    { trustDomain: 'localhost' },
    { nmae: 'a.test' },
  ])('%j is refused', async (given) => {
    await refused(() => createDevCa(given), 'INVALID_ARGUMENT');
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('its files', () => {
  const FILES = ['ca.pem', 'client-key.pem', 'client.pem', 'server-key.pem', 'server.pem'];

  it('are for their owner only, and without the key of the root', async () => {
    const { files } = await writeDevCa(join(directory, 'dev'));
    expect([...files].sort()).toEqual(FILES);
    expect((await readdir(join(directory, 'dev'))).sort()).toEqual(FILES);
    for (const name of FILES) expect((await stat(at(name))).mode & 0o777).toBe(0o600);
  });

  it('replace nothing unless told, and then all of it', async () => {
    await writeDevCa(join(directory, 'dev'), { keepRootKey: true });
    const before = await readFile(at('ca.pem'), 'utf8');
    await refused(() => writeDevCa(join(directory, 'dev')), 'OUTPUT_EXISTS', 'force');
    expect(await readFile(at('ca.pem'), 'utf8')).toBe(before);
    await writeDevCa(join(directory, 'dev'), { force: true });
    expect(await readFile(at('ca.pem'), 'utf8')).not.toBe(before);
    expect((await readdir(join(directory, 'dev'))).sort()).toEqual(FILES);
  });

  it('replace nothing of another authority, whatever is told', async () => {
    const production = await authority();
    const dev = join(directory, 'dev');
    const FORCED = { force: true, keepRootKey: false };
    await mkdir(dev);
    // What is there besides decides nothing.
    for (const there of [
      { 'ca.pem': production.pem, 'ca-key.pem': production.key },
      { 'ca-key.pem': production.key },
      { 'server-key.pem': production.key },
      { 'ca.pem': 'no certificate', 'ca-key.pem': production.key },
      { 'ca.pem': createDevCa().certificate + production.pem, 'ca-key.pem': production.key },
      { 'ca.pem': createDevCa().certificate, 'server.pem': production.pem },
    ]) {
      await Promise.all(Object.entries(there).map(([name, text]) => writeFile(at(name), text)));
      await refused(() => writeDevCa(dev, FORCED), 'OUTPUT_EXISTS', 'replaces nothing');
      expect((await readdir(dev)).sort()).toEqual(Object.keys(there).sort());
      for (const [name, text] of Object.entries(there)) expect(await readFile(at(name), 'utf8')).toBe(text);
      await Promise.all(Object.keys(there).map((name) => rm(at(name))));
    }
    await writeDevCa(dev, FORCED);
  });

  it.skipIf(process.platform === 'win32' || process.geteuid?.() === 0)(
    'leave nothing behind where they cannot be written (skipped: as root, or on Windows, all can be)',
    async () => {
      await chmod(directory, 0o500);
      await refused(() => writeDevCa(join(directory, 'dev')), 'IO_ERROR');
      await chmod(directory, 0o700);
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('are not written into a file', async () => {
    await writeFile(join(directory, 'dev'), '');
    await expect(writeDevCa(join(directory, 'dev'))).rejects.toMatchObject({
      class: expect.stringMatching(/io|usage/),
    });
  });
});
