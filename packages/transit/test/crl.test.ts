import { createPrivateKey, sign, type X509Certificate } from 'node:crypto';
import {
  authorise,
  type Certificate,
  checkPeer,
  checkRevoked,
  type Peer,
  readCertificates,
  readCrls,
} from '@weightseal/transit';
import { beforeAll, describe, expect, it } from 'vitest';
import { authority, client, crl, DAY, type Made, server, x509 } from './support/authorities.ts';
import { refused } from './support/refused.ts';

let root: Made;
beforeAll(async () => {
  root = await authority();
});
const read = (made: Made) => readCertificates(made.pem, 'test')[0]!;
const RULES = { clients: [{ names: ['spiffe://prod/**'], models: ['**'] }] };

/** DER of one element. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const digits: number[] = [];
  for (let rest = content.length; rest > 0; rest >>= 8) digits.unshift(rest & 0xff);
  const length = content.length < 0x80 ? [content.length] : [0x80 | digits.length, ...digits];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
const time = (days: number) =>
  tlv(0x17, Buffer.from(new Date(Date.now() + days * DAY).toISOString().replaceAll(/[-:T]|^20|\.\d+/g, '')));
const oid = (text: string) => tlv(6, Buffer.from(text, 'hex'));
const extension = (id: string, value: Uint8Array, critical = false) =>
  tlv(0x30, oid(id), ...(critical ? [Buffer.from([1, 1, 0xff])] : []), tlv(4, value));

/** A list as its authority would write it, whatever stands in it. */
function listOf(
  issuer: Made,
  entries: readonly Uint8Array[],
  extensions: readonly Uint8Array[] = [],
): string {
  const algorithm = tlv(0x30, oid('2a8648ce3d040302'));
  const name = Buffer.from(issuer.name.toArrayBuffer());
  const body = tlv(
    0x30,
    Buffer.from([2, 1, 1]),
    algorithm,
    name,
    time(-1),
    time(1),
    ...(entries.length > 0 ? [tlv(0x30, ...entries)] : []),
    ...(extensions.length > 0 ? [tlv(0xa0, tlv(0x30, ...extensions))] : []),
  );
  const signature = sign('sha256', body, createPrivateKey(issuer.key));
  const der = tlv(0x30, body, algorithm, tlv(3, Buffer.from([0]), signature));
  return x509.PemConverter.encode(Uint8Array.from(der).buffer, 'X509 CRL');
}
const entry = (serial: Uint8Array, ...extensions: readonly Uint8Array[]) =>
  tlv(0x30, tlv(2, serial), time(-1), ...(extensions.length > 0 ? [tlv(0x30, ...extensions)] : []));
const REASON = () => extension('551d15', Buffer.from([10, 1, 1]));

describe('a list', () => {
  it('of 20,000 certificates is read, and names each of them', async () => {
    const gone = await client(root);
    const serials = Array.from({ length: 20_000 }, (_, at) =>
      Buffer.from(`11${at.toString(16).padStart(14, '0')}`, 'hex'),
    );
    serials.push(Buffer.from(gone.certificate.serialNumber, 'hex'));
    const [list] = readCrls(
      listOf(
        root,
        serials.map((serial) => entry(serial, REASON())),
      ),
      'test',
    );
    expect(list!.revoked.size).toBe(20_001);
    expect(list!.unfit).toBeUndefined();
    for (const serial of [serials[0]!, serials[19_999]!])
      expect(list!.revoked.has(serial.toString('hex'))).toBe(true);
    const revocation = { authorities: [read(root)], crls: [list!] };
    await refused(
      () => authorise({ certificate: read(gone), chain: [] }, RULES, { revocation }),
      'CERTIFICATE_REVOKED',
    );
    authorise({ certificate: read(await client(root)), chain: [] }, RULES, { revocation });
  });

  it('reads the same as the library for lists does', async () => {
    const gone = [await client(root), await server(root)];
    const [ours] = readCrls(
      listOf(
        root,
        gone.map(({ certificate }) => entry(Buffer.from(certificate.serialNumber, 'hex'))),
      ),
      'test',
    );
    const [others] = readCrls(await crl(root, gone), 'test');
    expect(ours!.revoked).toEqual(others!.revoked);
    expect(ours!.isSignedBy(read(root))).toBe(true);
  });

  it.each<[string, string, () => [readonly Uint8Array[], readonly Uint8Array[]]]>([
    ['of a part, by 2.5.29.28', 'some certificates only', () => [[], [extension('551d1c', tlv(0x30))]]],
    [
      'of a difference, by 2.5.29.27',
      'a difference',
      () => [[], [extension('551d1b', Buffer.from([2, 1, 1]))]],
    ],
    [
      'with an entry of another issuer, by 2.5.29.29',
      'another issuer',
      () => [[entry(Buffer.from([5]), extension('551d1d', tlv(0x30)))], []],
    ],
    [
      'with a critical extension in an entry',
      'critical',
      () => [[entry(Buffer.from([5]), extension('551d15', Buffer.from([10, 1, 1]), true))], []],
    ],
  ])('%s tells nothing, though it is not marked as critical', async (_, why, parts) => {
    const [list] = readCrls(listOf(root, ...parts()), 'test');
    const certificate = read(await client(root));
    await refused(
      () => checkRevoked(certificate, read(root), [list!], Date.now()),
      'REVOCATION_UNKNOWN',
      why,
    );
  });

  it('is taken in DER only', async () => {
    const der = Buffer.from(x509.PemConverter.decodeFirst(listOf(root, [entry(Buffer.from([5]))])));
    const text = (bytes: Uint8Array) => x509.PemConverter.encode(Uint8Array.from(bytes).buffer, 'X509 CRL');
    for (const bad of [
      Buffer.concat([der, Buffer.from([0])]),
      der.subarray(0, -1),
      Buffer.from([0x30, 0x80, 0, 0]),
      Buffer.from([0x30]),
    ])
      await refused(() => readCrls(text(bad), 'The list'), 'CERTIFICATE_INVALID');
  });
});

/** A certificate that tells how often its key was asked for. */
function counted(certificate: Certificate): { certificate: Certificate; asked: () => number } {
  let asked = 0;
  const node = new Proxy(certificate.node, {
    get(target, name) {
      if (name === 'publicKey') asked++;
      return Reflect.get(target, name, target) as X509Certificate[keyof X509Certificate];
    },
  });
  return { certificate: { ...certificate, node }, asked: () => asked };
}

describe('whoever asks again', () => {
  it('is answered without verifying the signatures again', async () => {
    const { certificate, asked } = counted(read(root));
    const revocation = { authorities: [certificate], crls: readCrls(await crl(root), 'test') };
    const peer = { certificate: read(await client(root)), chain: [] };
    authorise(peer, RULES, { revocation });
    const first = asked();
    expect(first).toBeGreaterThan(0);
    for (let time = 0; time < 20; time++) authorise(peer, RULES, { revocation });
    expect(asked()).toBe(first);
  });

  it.each([Number.NaN, '2020', null, Number.POSITIVE_INFINITY, new Date()])(
    'at the time %s is refused',
    async (now) => {
      const peer: Peer = {
        certificate: read(await client(root, { from: -3 * DAY, until: -DAY })),
        chain: [],
      };
      const whole = { role: 'client', now } as never;
      await refused(() => checkPeer(peer, whole), 'INVALID_ARGUMENT', 'now');
      await refused(() => authorise(peer, RULES, { now } as never), 'INVALID_ARGUMENT', 'now');
      const lists = readCrls(await crl(root, [], { from: -3 * DAY, until: -DAY }), 'test');
      await refused(
        () => checkRevoked(peer.certificate, read(root), lists, now as never),
        'INVALID_ARGUMENT',
        'now',
      );
    },
  );

  it('of a certificate whose times are none is refused', async () => {
    const certificate = { ...read(await client(root)), notAfter: Number.NaN };
    await refused(() => checkPeer({ certificate, chain: [] }, { role: 'client' }), 'CERTIFICATE_EXPIRED');
  });

  it.each([{}, { authorities: [] }, { authorities: [1], crls: [] }, { authorities: [], crls: [{}] }, null])(
    'with %j for the lists is refused',
    async (revocation) => {
      const peer = { certificate: read(await client(root)), chain: [] };
      await refused(() => checkPeer(peer, { role: 'client', revocation } as never), 'INVALID_ARGUMENT');
      await refused(() => authorise(peer, RULES, { revocation } as never), 'INVALID_ARGUMENT');
    },
  );

  it('is refused when an authority on the way has ended since', async () => {
    const middle = await authority({ name: 'CN=Middle', until: 2 * DAY }, root);
    const peer = { certificate: read(await client(middle)), chain: [read(middle)] };
    const lists = (await crl(root, [], { until: 300 * DAY })) + (await crl(middle, [], { until: 300 * DAY }));
    const revocation = { authorities: [read(root)], crls: readCrls(lists, 'test') };
    authorise(peer, RULES, { revocation });
    const now = Date.now() + 3 * DAY;
    await refused(() => authorise(peer, RULES, { revocation, now }), 'CERTIFICATE_EXPIRED', 'CN=Middle');
    await refused(() => authorise(peer, RULES, { now }), 'CERTIFICATE_EXPIRED', 'CN=Middle');
    const short = await authority({ name: 'CN=Short', until: 2 * DAY });
    const its = {
      authorities: [read(short)],
      crls: readCrls(await crl(short, [], { until: 300 * DAY }), 'test'),
    };
    const below = { certificate: read(await client(short)), chain: [] };
    await refused(() => authorise(below, RULES, { revocation: its, now }), 'CERTIFICATE_EXPIRED', 'CN=Short');
  });
});
