/** Somebody whose signature counts. */
export type TrustedSigner =
  /** DER of a SubjectPublicKeyInfo. */
  | { readonly key: Uint8Array }
  | { readonly certificate: TrustedCertificates }
  | { readonly sigstore: TrustedIdentity };

export interface TrustedCertificates {
  /** DER of the certificates to one of which the signer's must lead. */
  readonly roots: readonly Uint8Array[];
  /** A name that the signer's certificate must have: a DNS name, an e-mail address or a URI among its alternative names; without any, its common name. Compared exactly. Any signer of these roots unless told. */
  readonly identity?: string | undefined;
}

export interface TrustedIdentity {
  /** Whom the identity provider has told it was: an e-mail address, or the URI of a workflow. Compared exactly. */
  readonly identity: string;
  /** The identity provider that was believed, a URL. Compared exactly. */
  readonly issuer: string;
  /** The path of a `trusted_root.json`, or what it holds; the one of Sigstore's public instance, brought by TUF, unless told. */
  readonly trustedRoot?: string | Uint8Array | undefined;
}

/** Who has signed. Fingerprints are SHA-256 of the DER, in hexadecimal. */
export type SignedBy =
  | { readonly kind: 'key'; readonly fingerprint: string }
  | {
      readonly kind: 'certificate';
      readonly subject: string;
      readonly identities: readonly string[];
      readonly fingerprint: string;
    }
  | { readonly kind: 'sigstore'; readonly identity: string; readonly issuer: string };
