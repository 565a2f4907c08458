import type { ErrorCode } from '@weightseal/core';
import {
  MODEL_PREDICATE,
  signStatement,
  type TrustedCertificates,
  verifyStatement,
} from '@weightseal/release';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  authority,
  CODE_SIGNING,
  DAY,
  issue,
  KeyUsageFlags,
  leaf,
  type Made,
  SERVER,
  type Wanted,
  x509,
} from './support/authorities.ts';
import { errorOf, refused } from './support/refused.ts';
import { newSigner } from './support/signers.ts';
import { digestOf, statement } from './support/statements.ts';

const MODEL = { predicateType: MODEL_PREDICATE };

/** Signs without what `signStatement` looks at, as somebody who means ill. */
async function signed(chain: readonly Made[], signer = chain[0]!.signer): Promise<Uint8Array> {
  const bundle = JSON.parse(Buffer.from(await signStatement(statement(), { signer })).toString());
  const certificates = chain.map(({ der }) => ({ rawBytes: Buffer.from(der).toString('base64') }));
  bundle.verificationMaterial = { x509CertificateChain: { certificates }, tlogEntries: [] };
  return Buffer.from(JSON.stringify(bundle));
}

const verify = async (bundle: Uint8Array, roots: readonly Made[], rest: Partial<TrustedCertificates> = {}) =>
  verifyStatement(bundle, [{ certificate: { roots: roots.map(({ der }) => der), ...rest } }], MODEL);

let root: Made;
let middle: Made;
beforeAll(async () => {
  root = await authority({ name: 'CN=Root' });
  middle = await authority({ name: 'CN=Middle' }, root);
});

describe('a signature by a certificate', () => {
  it.each<[string, () => Promise<[readonly Made[], readonly Made[]]>]>([
    ['that the root has issued', async () => [[await leaf({}, root)], [root]]],
    ['that one below the root has issued', async () => [[await leaf({}, middle), middle], [root]]],
    ['that comes with its root', async () => [[await leaf({}, middle), middle, root], [root]]],
    ['whose chain is in disorder', async () => [[await leaf({}, middle), root, middle], [root]]],
    ['whose authority is named as a root', async () => [[await leaf({}, middle)], [middle]]],
    ['that is itself named', async () => [[await leaf({ name: 'CN=Me' })], [] as Made[]]],
    [
      'for code signing and no more',
      async () => [[await leaf({ usage: undefined, purposes: [CODE_SIGNING] }, root)], [root]],
    ],
    [
      'for code signing and servers',
      async () => [[await leaf({ purposes: [SERVER, CODE_SIGNING] }, root)], [root]],
    ],
    ['that has ended since', async () => [[await leaf({ from: -3 * DAY, until: -2 * DAY }, root)], [root]]],
    [
      'one of several roots',
      async () => [[await leaf({}, root)], [await authority({ name: 'CN=Root' }), root]],
    ],
  ])('%s is good', async (_, make) => {
    const [chain, roots] = await make();
    const { signedBy } = await verify(await signed(chain), roots.length > 0 ? roots : [chain[0]!]);
    expect(signedBy).toMatchObject({ kind: 'certificate', fingerprint: digestOf(chain[0]!.der) });
  });

  it.each([
    ['ECDSA P-384', { name: 'ECDSA', namedCurve: 'P-384' }, 'SHA-384'],
    ['ECDSA P-521', { name: 'ECDSA', namedCurve: 'P-521' }, 'SHA-512'],
    [
      'RSA',
      {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: 'SHA-256',
      },
      'SHA-256',
    ],
    ['Ed25519', { name: 'Ed25519' }, 'SHA-512'],
  ])('of keys of %s is good', async (_, key, hash) => {
    const [own, top] = [{ key, hash }, await authority({ name: 'CN=Top', key, hash })];
    const one = await leaf(own, await authority({ ...own, name: 'CN=Between' }, top));
    const between = await authority({ ...own, name: 'CN=Between' }, top);
    const mine = await leaf(own, between);
    await verify(await signed([mine, between]), [top]);
    await refused(async () => verify(await signed([one, between]), [top]), 'CERTIFICATE_UNTRUSTED');
  });

  it('is made by signStatement, which says what is wrong before it signs', async () => {
    const mine = await leaf({ name: 'CN=Mine' }, middle);
    const of = (...chain: readonly Made[]) => ({
      signer: mine.signer,
      certificates: chain.map(({ der }) => der),
    });
    const bundle = await signStatement(statement(), of(mine, middle));
    expect((await verify(bundle, [root])).signedBy).toMatchObject({ subject: 'CN=Mine' });
    await signStatement(statement(), of(mine));
    await signStatement(statement(), of(mine, middle, root));
    const sign = (how: ReturnType<typeof of>) => () => signStatement(statement(), how);
    await refused(sign(of()), 'INVALID_ARGUMENT', /1 to 16/);
    await refused(sign({ ...of(mine), signer: newSigner() }), 'CERTIFICATE_INVALID', /another key/);
    await refused(sign(of(mine, root)), 'CERTIFICATE_UNTRUSTED');
    const over = await leaf({ from: -3 * DAY, until: -DAY }, root);
    await refused(sign({ ...of(over), signer: over.signer }), 'CERTIFICATE_EXPIRED', /was valid until/);
    const server = await leaf({ purposes: [SERVER] }, root);
    await refused(sign({ ...of(server), signer: server.signer }), 'CERTIFICATE_USAGE');
  });
});

describe('a name', () => {
  const names = [
    { type: 'dns', value: 'release.example.com' },
    { type: 'email', value: 'release@example.com' },
    { type: 'url', value: 'https://example.com/release' },
    { type: 'ip', value: '10.0.0.1' },
  ] as const;

  it('among the alternative names is told, and compared exactly', async () => {
    const one = await signed([await leaf({ name: 'CN=Release', names: [...names] }, root)]);
    for (const { value } of names.slice(0, 3)) {
      const { signedBy } = await verify(one, [root], { identity: value });
      expect(signedBy).toMatchObject({
        subject: 'CN=Release',
        identities: names.slice(0, 3).map(({ value }) => value),
      });
    }
    for (const identity of [
      'example.com',
      'release.example.com.',
      'Release.example.com',
      '.*',
      '',
      '10.0.0.1',
      'Release',
    ])
      await refused(() => verify(one, [root], { identity }), 'SIGNER_UNTRUSTED', /release\.example\.com/);
  });

  it('is the common name where there are no others', async () => {
    const one = await signed([await leaf({ name: 'CN=Release Team, O=Example' }, root)]);
    await verify(one, [root], { identity: 'Release Team' });
    await refused(() => verify(one, [root], { identity: 'Example' }), 'SIGNER_UNTRUSTED');
  });

  it('is none where there are two common names, or alternative names of other kinds only', async () => {
    for (const wanted of [
      { name: 'CN=a, CN=b' },
      { name: 'CN=a', names: [{ type: 'ip', value: '10.0.0.1' }] },
    ] as Wanted[])
      await refused(
        async () => verify(await signed([await leaf(wanted, root)]), [root], { identity: 'a' }),
        'SIGNER_UNTRUSTED',
        /without a name/,
      );
  });

  it('cannot be made of two by what it holds', async () => {
    const one = await signed([
      await leaf({ names: [{ type: 'dns', value: 'a, DNS:release.example.com' }] }, root),
    ]);
    await refused(() => verify(one, [root], { identity: 'release.example.com' }), 'SIGNER_UNTRUSTED');
  });
});

describe('a signature by a certificate is refused', () => {
  const rsa = (modulusLength: number, hash = 'SHA-256') => ({
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash,
  });
  const extension = (oid: string, critical: boolean) =>
    new x509.Extension(oid, critical, Uint8Array.of(0x30, 0));
  const below = async (wanted: Wanted, of: Wanted = {}): Promise<[readonly Made[], readonly Made[]]> => {
    const between = await authority({ name: 'CN=Between', ...wanted }, root);
    return [[await leaf(of, between), between], [root]];
  };
  const direct = async (wanted: Wanted): Promise<[readonly Made[], readonly Made[]]> => [
    [await leaf(wanted, root)],
    [root],
  ];

  it.each<[string, ErrorCode, RegExp, () => Promise<[readonly Made[], readonly Made[]]>]>([
    [
      'of another root',
      'CERTIFICATE_UNTRUSTED',
      /none of the roots/,
      async () => [[await leaf({}, root)], [middle]],
    ],
    [
      'of another root of the same name',
      'CERTIFICATE_UNTRUSTED',
      /none of the roots/,
      async () => [[await leaf({}, await authority({ name: 'CN=Root' }))], [root]],
    ],
    ['of itself', 'CERTIFICATE_UNTRUSTED', /none of the roots/, async () => [[await leaf({})], [root]]],
    [
      'whose chain lacks one',
      'CERTIFICATE_UNTRUSTED',
      /none of the roots/,
      async () => [[await leaf({}, middle)], [root]],
    ],
    [
      'whose issuer has another name',
      'CERTIFICATE_UNTRUSTED',
      /none/,
      async () => [[await leaf({}, { ...root, name: 'CN=Toor' })], [root]],
    ],
    [
      'that one without authority has issued',
      'CERTIFICATE_INVALID',
      /not that of an authority/,
      () => below({ authority: false }),
    ],
    [
      'that one whose authority is denied has issued',
      'CERTIFICATE_INVALID',
      /not that of an authority/,
      () => below({ authority: undefined }),
    ],
    [
      'that a signer has issued',
      'CERTIFICATE_INVALID',
      /authority/,
      () => below({ authority: false, usage: KeyUsageFlags.digitalSignature }),
    ],
    [
      'whose authority may sign no certificates',
      'CERTIFICATE_INVALID',
      /keyCertSign/,
      () => below({ usage: KeyUsageFlags.cRLSign }),
    ],
    [
      'whose authority had ended',
      'CERTIFICATE_EXPIRED',
      /Between/,
      () => below({ from: -5 * DAY, until: -2 * DAY }),
    ],
    [
      'whose authority had not begun',
      'CERTIFICATE_NOT_YET_VALID',
      /Between/,
      () => below({ from: -DAY / 2 }),
    ],
    [
      'whose authority has a weak key',
      'SIGNING_KEY_UNFIT',
      /1024 bits/,
      () => below({ key: rsa(1024), hash: 'SHA-256' }),
    ],
    [
      'with a weak key',
      'SIGNING_KEY_UNFIT',
      /1024 bits/,
      async () => [[{ ...(await leaf({ key: rsa(1024) }, root)), signer: newSigner() }], [root]],
    ],
    ['by SHA-1', 'SIGNING_KEY_UNFIT', /SHA-1/, () => direct({ hash: 'SHA-1' })],
    ['whose authority was signed by SHA-1', 'SIGNING_KEY_UNFIT', /SHA-1/, () => below({ hash: 'SHA-1' })],
    ['from tomorrow on', 'CERTIFICATE_NOT_YET_VALID', /yet to come/, () => direct({ from: DAY })],
    [
      'that ends before it begins',
      'CERTIFICATE_INVALID',
      /ends before/,
      () => direct({ from: -DAY, until: -2 * DAY }),
    ],
    ['for servers', 'CERTIFICATE_USAGE', /other purposes/, () => direct({ purposes: [SERVER] })],
    [
      'for encryption',
      'CERTIFICATE_USAGE',
      /digitalSignature/,
      () => direct({ usage: KeyUsageFlags.keyEncipherment }),
    ],
    [
      'for code, but not for signatures',
      'CERTIFICATE_USAGE',
      /digitalSignature/,
      () => direct({ usage: KeyUsageFlags.keyAgreement, purposes: [CODE_SIGNING] }),
    ],
    ['for nothing', 'CERTIFICATE_USAGE', /does not say/, () => direct({ usage: undefined })],
    [
      'with what is critical and not known',
      'CERTIFICATE_INVALID',
      /none that can be read/,
      () => direct({ extensions: [extension('1.2.3.4', true)] }),
    ],
    [
      'whose authority may give certain names only',
      'CERTIFICATE_INVALID',
      /none that can be read/,
      () => below({ extensions: [extension('2.5.29.30', false)] }),
    ],
    [
      'with an extension twice',
      'CERTIFICATE_INVALID',
      /none that can be read/,
      () => direct({ extensions: [extension('1.2.3.4', false), extension('1.2.3.4', false)] }),
    ],
  ])('%s', async (_, code, said, make) => {
    const [chain, roots] = await make();
    await refused(async () => verify(await signed(chain), roots), code, said);
  });

  it('with too many authorities below one that allows fewer', async () => {
    const top = await authority({ name: 'CN=Top', pathLength: 1 });
    const [one, two] = [
      await authority({ name: 'CN=One', pathLength: 0 }, top),
      await authority({ name: 'CN=Two' }, top),
    ];
    await verify(await signed([await leaf({}, one), one]), [top]);
    const under = await authority({ name: 'CN=Under' }, one);
    await refused(
      async () => verify(await signed([await leaf({}, under), under, one]), [top]),
      'CERTIFICATE_INVALID',
      /below it, and allows 0/,
    );
    const beside = await authority({ name: 'CN=Beside' }, two);
    await refused(
      async () => verify(await signed([await leaf({}, beside), beside, two]), [top]),
      'CERTIFICATE_INVALID',
      /below it, and allows 1/,
    );
  });

  it('of another key', async () => {
    await refused(
      async () => verify(await signed([await leaf({}, root)], newSigner()), [root]),
      'SIGNATURE_REJECTED',
    );
  });

  it('by whoever trusts keys, or other certificates, only', async () => {
    const mine = await leaf({}, root);
    const bundle = await signed([mine]);
    await refused(() => verifyStatement(bundle, [{ key: mine.signer.spki }], MODEL), 'SIGNER_UNTRUSTED');
    const several = [
      { certificate: { roots: [middle.der] } },
      { certificate: { roots: [root.der], identity: 'nobody' } },
    ];
    const error = await errorOf(() => verifyStatement(bundle, several, MODEL));
    expect(error.code).toBe('SIGNER_UNTRUSTED');
    expect(error.failures.map(({ code }) => code)).toEqual(['CERTIFICATE_UNTRUSTED', 'SIGNER_UNTRUSTED']);
    await verifyStatement(bundle, [...several, { certificate: { roots: [root.der] } }], MODEL);
  });

  it('that is none, or has something behind it', async () => {
    const mine = await leaf({}, root);
    for (const der of [
      Uint8Array.of(0x30, 0),
      Buffer.concat([mine.der, Uint8Array.of(0)]),
      mine.der.subarray(1),
    ])
      await refused(async () => verify(await signed([{ ...mine, der }]), [root]), 'CERTIFICATE_INVALID');
    await refused(
      async () => verify(await signed([mine, { ...mine, der: Uint8Array.of(1) }]), [root]),
      'CERTIFICATE_INVALID',
    );
    await refused(
      async () => verify(await signed([mine]), [{ ...mine, der: Uint8Array.of(1) }]),
      'CERTIFICATE_INVALID',
    );
  });

  it('whose signature is spelt in another way', async () => {
    // Until one has a last bit that is none: it may be said to be no part of the signature.
    for (;;) {
      const mine = await leaf({}, root);
      if (mine.der.at(-1)! % 2 === 1) continue;
      const der = Buffer.from(mine.der);
      const unused = der.lastIndexOf(Buffer.from([0x00, 0x30]));
      der[unused] = 1;
      await refused(async () => verify(await signed([{ ...mine, der }]), [root]), 'CERTIFICATE_INVALID');
      await refused(
        async () => verify(await signed([{ ...mine, der }]), [{ ...mine, der }]),
        'CERTIFICATE_INVALID',
      );
      return;
    }
  });

  it('and soon, among authorities that have all issued one another', async () => {
    const keys = await authority({ name: 'CN=Same' });
    const many = await Promise.all(
      Array.from({ length: 15 }, () => issue({ name: 'CN=Same', authority: true }, keys)),
    );
    // All of one name; those that `keys` has issued have keys of their own, and none leads to the root.
    const mine = await leaf({}, keys);
    await refused(async () => verify(await signed([mine, ...many]), [root]), 'CERTIFICATE_UNTRUSTED');
  });

  it('when any byte of it is changed, and never with a plain error', async () => {
    const mine = await leaf({ names: [{ type: 'dns', value: 'a.example' }] }, middle);
    const rest = { identity: 'a.example' };
    await verify(await signed([mine, middle]), [root], rest);
    for (const [at, made] of [mine, middle].entries())
      for (let byte = 0; byte < made.der.length; byte++) {
        const der = Buffer.from(made.der);
        der[byte]! ^= 1 << (byte % 8);
        const chain = [mine, middle].with(at, { ...made, der });
        const error = await errorOf(async () => verify(await signed(chain), [root], rest));
        expect(error.class, `certificate ${at}, byte ${byte}: ${error.code}`).toBe('trust');
      }
  });
});
