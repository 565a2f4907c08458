import {
  authorise,
  checkPeer,
  checkRules,
  createDevCa,
  type Peer,
  type Revocation,
  readCertificates,
  readCrls,
} from '@weightseal/transit';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  authority,
  client,
  crl,
  DAY,
  type Made,
  server,
  spiffe,
  type Wanted,
  x509,
} from './support/authorities.ts';
import { refused } from './support/refused.ts';

let root: Made;
beforeAll(async () => {
  root = await authority();
});

const read = (made: Made) => readCertificates(made.pem, 'test')[0]!;
const peer = (made: Made, ...chain: readonly Made[]): Peer => ({
  certificate: read(made),
  chain: chain.map(read),
});
const known = (text: string, ...authorities: readonly Made[]): Revocation => ({
  authorities: authorities.map(read),
  crls: readCrls(text, 'test'),
});
const RULES = {
  clients: [
    {
      names: ['spiffe://prod/serving/*', 'dns:*.serving.example'],
      models: ['llama*', 'acme/**'],
      versions: ['3*'],
    },
    { names: ['spiffe://prod/**'], models: ['public/*'] },
  ],
};

describe('a client', () => {
  it('may have what the rules that name it allow', async () => {
    const one = peer(await client(root));
    const grant = authorise(one, checkRules(RULES), { model: 'llama-3', version: '3.1' });
    expect(grant.names).toEqual(['spiffe://prod/serving/a']);
    expect(authorise(one, RULES).allows('acme/a/b', '3')).toBe(true);
    expect(grant.allows('public/a')).toBe(true);
    for (const [model, version] of [
      ['llama-3', '4'],
      ['llama-3'],
      ['public/a/b'],
      ['other', '3'],
      ['', '3'],
    ] as const)
      await refused(() => authorise(one, RULES, { model, version }), 'CLIENT_FORBIDDEN', 'may not have');
    const host = peer(await client(root, { names: [{ type: 'dns', value: 'a.serving.example' }] }));
    expect(authorise(host, RULES, { model: 'llama', version: '3' }).allows('public/a')).toBe(false);
  });

  it.each<[string, Wanted]>([
    ['of another trust domain', { names: spiffe('spiffe://test/serving/a') }],
    ['of a domain that begins so', { names: spiffe('spiffe://prod.evil/serving/a') }],
    ['with the name in its common name only', { name: 'CN=a.serving.example', names: undefined }],
    ['of a wildcard', { names: [{ type: 'dns', value: '*.serving.example' }] }],
    ['of a name below the one that is meant', { names: [{ type: 'dns', value: 'a.b.serving.example' }] }],
    ['with the name as an e-mail address', { names: [{ type: 'email', value: 'a@x.serving.example' }] }],
  ])('%s is named by no rule', async (_, wanted) => {
    const one = peer(await client(root, wanted));
    await refused(() => authorise(one, RULES), 'CLIENT_FORBIDDEN', 'No rule names');
  });

  it('needs a certificate of its purpose, that counts now', async () => {
    const { keyEncipherment, digitalSignature, cRLSign } = x509.KeyUsageFlags;
    const usage = 'CERTIFICATE_USAGE';
    await refused(async () => authorise(peer(await server(root)), RULES), usage, 'clientAuth');
    await refused(async () => authorise(peer(await client(root, { purposes: undefined })), RULES), usage);
    await refused(async () => authorise(peer(await client(root, { usage: keyEncipherment })), RULES), usage);
    await refused(async () => authorise(peer(root), RULES), usage, 'authority');
    const one = peer(await client(root));
    const at = (now: number) => () => authorise(one, RULES, { now: Date.now() + now });
    await refused(at(366 * DAY), 'CERTIFICATE_EXPIRED');
    await refused(at(-2 * DAY), 'CERTIFICATE_NOT_YET_VALID');
    const signs = await client(root, { usage: digitalSignature | cRLSign });
    await refused(() => authorise(peer(signs), RULES), 'CERTIFICATE_INVALID', 'issuing');
  });

  it.each<[string, x509.JsonGeneralNames]>([
    ['two SPIFFE IDs', [...spiffe('spiffe://prod/serving/a'), ...spiffe('spiffe://prod/serving/b')]],
    [
      'another URI beside it',
      [...spiffe('spiffe://prod/serving/a'), { type: 'url', value: 'https://a.example' }],
    ],
    ['the ID of an authority', spiffe('spiffe://prod')],
    ['an ID that is escaped', spiffe('spiffe://prod/serving/%61')],
    ['an ID with a port', spiffe('spiffe://prod:1/serving/a')],
    ['an ID in capitals', spiffe('SPIFFE://prod/serving/a')],
  ])('with %s has no SVID', async (_, names) => {
    const one = peer(await client(root, { names: [...names, { type: 'dns', value: 'a.serving.example' }] }));
    await refused(() => authorise(one, RULES), 'CERTIFICATE_INVALID');
  });
});

describe('what is asked for', () => {
  const ALL = { clients: [{ names: ['spiffe://prod/**'], models: ['public/**'], versions: ['3/**', '4'] }] };
  it.each([
    'public/../private/x',
    'public/./x',
    'public//x',
    'public/',
    'public/x/..',
    'public/x\\..\\private',
    'public/x\0',
    'public\0/x',
    '',
    '..',
  ])('%j is no name, whatever the globs are', async (text) => {
    const one = peer(await client(root));
    authorise(one, ALL, { model: 'public/x/y', version: '3/1' });
    await refused(() => authorise(one, ALL, { model: text, version: '4' }), 'CLIENT_FORBIDDEN');
    const version = text.replace('public', '3');
    await refused(() => authorise(one, ALL, { model: 'public/x', version }), 'CLIENT_FORBIDDEN');
    const rules = { clients: [{ names: ['spiffe://prod/**'], models: ['**'] }] };
    expect(authorise(one, rules).allows(text)).toBe(false);
    expect(authorise(one, rules).allows('model', text)).toBe(false);
  });

  it('is compared as it is given, and only the glob may be written in two ways', async () => {
    const one = peer(await client(root));
    const [composed, apart] = ['mod\u00e8le', 'mode\u0300le'];
    const rules = { clients: [{ names: ['spiffe://prod/**'], models: [apart] }] };
    expect(authorise(one, rules).allows(composed)).toBe(true);
    expect(authorise(one, rules).allows(apart)).toBe(false);
  });

  it('needs all versions to be allowed where it has none', async () => {
    const one = peer(await client(root));
    const of = (versions: string[]) => ({
      clients: [{ names: ['spiffe://prod/**'], models: ['**'], versions }],
    });
    expect(authorise(one, of(['**'])).allows('model')).toBe(true);
    expect(authorise(one, of(['3', '*/**'])).allows('model')).toBe(false);
  });
});

it('a certificate for development is taken only where that is allowed', async () => {
  using ca = createDevCa();
  const [certificate] = readCertificates(ca.issue('client').certificate, 'test');
  const one = { certificate: certificate!, chain: [] };
  const rules = { clients: [{ names: ['spiffe://dev.localhost/**'], models: ['**'] }] };
  await refused(() => authorise(one, rules), 'CERTIFICATE_DEVELOPMENT', 'allowDevelopment');
  await refused(() => checkPeer(one, { role: 'client' }), 'CERTIFICATE_DEVELOPMENT');
  authorise(one, rules, { allowDevelopment: true });
  checkPeer(one, { role: 'client', allowDevelopment: true });
});

it('a peer whose key is too weak is refused, and one of an authority whose key is', async () => {
  await refused(async () => authorise(peer(await client(root, { weak: true })), RULES), 'SIGNING_KEY_UNFIT');
  const middle = await authority({ name: 'CN=Middle', weak: true }, root);
  const below = await client(middle);
  await refused(() => authorise(peer(below, middle), RULES), 'SIGNING_KEY_UNFIT', 'CN=Middle');
});

describe('revocation', () => {
  it('is by the serial number, in a list that the issuer has signed and that counts', async () => {
    const [one, gone] = await Promise.all([client(root), client(root)]);
    const revocation = known(await crl(root, [gone]), root);
    authorise(peer(one), RULES, { revocation });
    await refused(() => authorise(peer(gone), RULES, { revocation }), 'CERTIFICATE_REVOKED');
  });

  it('is unknown, and so refused, by anything else', async () => {
    const other = await authority();
    const one = await client(root);
    const unknown = async (list: string, why: string) =>
      refused(
        () => authorise(peer(one), RULES, { revocation: known(list, root) }),
        'REVOCATION_UNKNOWN',
        why,
      );
    await unknown(await crl(root, [], { from: -3 * DAY, until: -DAY }), 'counted until');
    await unknown(await crl(root, [], { from: DAY, until: 2 * DAY }), 'yet to come');
    await unknown(await crl(root, [], { until: null }), 'until when');
    // The same name, and another key.
    await unknown(await crl({ ...other, name: root.name }), 'not signed by it');
    await unknown(await crl(await authority({ name: 'CN=Else' })), 'is not there');
    const weak = await authority({ usage: x509.KeyUsageFlags.keyCertSign });
    const below = peer(await client(weak));
    const its = known(await crl(weak), weak);
    await refused(
      () => authorise(below, RULES, { revocation: its }),
      'REVOCATION_UNKNOWN',
      'not signed by it',
    );
  });

  it('is asked of each certificate below the root', async () => {
    const middle = await authority({ name: 'CN=Middle' }, root);
    const one = await client(middle);
    const lists = await crl(middle);
    const whole = peer(one, middle);
    authorise(whole, RULES, { revocation: known(lists + (await crl(root)), root) });
    const gone = known(lists + (await crl(root, [middle])), root);
    await refused(() => authorise(whole, RULES, { revocation: gone }), 'CERTIFICATE_REVOKED', 'CN=Middle');
    await refused(() => authorise(whole, RULES, { revocation: known(lists, root) }), 'REVOCATION_UNKNOWN');
    // Known beforehand, an authority between is on the way, and no root.
    authorise(peer(one), RULES, { revocation: known(lists + (await crl(root)), root, middle) });
    const still = known(lists + (await crl(root, [middle])), root, middle);
    await refused(
      () => authorise(peer(one), RULES, { revocation: still }),
      'CERTIFICATE_REVOKED',
      'CN=Middle',
    );
    await refused(
      () => authorise(peer(one), RULES, { revocation: known(lists, middle) }),
      'CERTIFICATE_UNTRUSTED',
    );
    const alone = known(await crl(root), root);
    await refused(() => authorise(peer(one), RULES, { revocation: alone }), 'CERTIFICATE_UNTRUSTED');
  });

  it('has lists that can be read only', async () => {
    const list = await crl(root);
    await refused(() => readCrls('', 'The list'), 'CERTIFICATE_INVALID', 'has no X509 CRL');
    await refused(() => readCrls(list.slice(0, -20), 'The list'), 'CERTIFICATE_INVALID');
    await refused(
      () => readCrls(list + list.slice(0, 60), 'The list'),
      'CERTIFICATE_INVALID',
      'without its end',
    );
    await refused(() => readCrls(root.pem, 'The list'), 'CERTIFICATE_INVALID', 'CERTIFICATE');
    await refused(
      () => readCrls(list.replace('MII', 'AAA').replace('MIG', 'AAA').replace('MIH', 'AAA'), 'The list'),
      'CERTIFICATE_INVALID',
    );
  });
});

it.each<[object, string]>([
  [{}, 'need `clients`'],
  [{ client: [] }, 'no option "client"'],
  [{ clients: [{ names: ['dns:a.example'] }] }, 'may be empty'],
  [{ clients: [{ names: [], models: ['**'] }] }, 'may be empty'],
  [{ clients: [{ names: ['dns:a.example'], models: [] }] }, 'may be empty'],
  [{ clients: [{ names: ['dns:a.example'], models: ['**'], versions: [] }] }, 'may be empty'],
  [{ clients: [{ names: ['dns:a.example'], model: ['**'] }] }, 'did you mean models'],
  [{ clients: [{ names: ['a.example'], models: ['**'] }] }, 'must begin'],
  [{ clients: [{ names: ['dns:a.example'], models: [''] }] }, 'is empty'],
  [{ clients: [{ names: ['dns:a.example'], models: ['[a]'] }] }, 'not offered'],
])('rules %j are refused before anybody comes', async (rules, why) => {
  await refused(() => checkRules(rules as never), 'INVALID_ARGUMENT', why);
});
