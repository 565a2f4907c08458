// What a certificate says of itself beyond names and a key: RFC 5280 §4.2.

type Asn1 = { schema: typeof import('@peculiar/asn1-schema'); x509: typeof import('@peculiar/asn1-x509') };
type Extension = import('@peculiar/asn1-x509').Extension;

export interface Extensions {
  /** Whether it may issue certificates. */
  readonly isAuthority: boolean;
  /** How many authorities may stand between it and a signer. */
  readonly pathLength: number | undefined;
  /** What the key is for; undefined where it does not say. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
  /** Object identifiers of what it is for; undefined where it does not say. */
  readonly purposes: readonly string[] | undefined;
  /** DNS names, e-mail addresses and URIs; undefined where it has no alternative names at all. */
  readonly alternativeNames: readonly string[] | undefined;
}

const ID = {
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  /** Which are fine, since none is asked for. */
  policies: '2.5.29.32',
  purposes: '2.5.29.37',
} as const;
const READ: readonly string[] = [
  ID.keyUsage,
  ID.alternativeName,
  ID.basicConstraints,
  ID.policies,
  ID.purposes,
];

/** @throws Error for what breaks a rule, or is critical and not read here */
export function readExtensions({ schema, x509 }: Asn1, extensions: readonly Extension[]): Extensions {
  const found = new Map<string, ArrayBuffer>();
  for (const { extnID, critical, extnValue } of extensions) {
    if (found.has(extnID)) throw new Error(`the extension ${extnID} twice`);
    // What says that it must not be passed over, and limits of names even where it does not.
    if ((critical && !READ.includes(extnID)) || extnID === ID.nameConstraints)
      throw new Error(`the extension ${extnID}, which is not read here`);
    found.set(extnID, extnValue.buffer);
  }
  const value = <T>(id: string, type: new () => T): T | undefined => {
    const bytes = found.get(id);
    return bytes === undefined ? undefined : schema.AsnConvert.parse(bytes, type);
  };
  const constraints = value(ID.basicConstraints, x509.BasicConstraints);
  const usage = value(ID.keyUsage, x509.KeyUsage)?.toJSON();
  const names = value(ID.alternativeName, x509.SubjectAlternativeName);
  const purposes = value(ID.purposes, x509.ExtendedKeyUsage);
  return {
    isAuthority: constraints?.cA === true,
    pathLength: constraints?.pathLenConstraint,
    keyUsage: usage && {
      digitalSignature: usage.includes('digitalSignature'),
      keyCertSign: usage.includes('keyCertSign'),
    },
    purposes: purposes && [...purposes],
    alternativeNames: names
      ?.map((name) => name.dNSName ?? name.rfc822Name ?? name.uniformResourceIdentifier)
      .filter((name) => name !== undefined),
  };
}
