/** How to sign without a key of one's own: an identity provider's token, a certificate for minutes, and an entry in a public log. */
export interface SigstoreSigning {
  /**
   * The token of an identity provider (OpenID Connect) for the audience `sigstore`, or what gets it. Unless told, the environment's: of GitHub Actions (with `id-token: write`), Buildkite, or `SIGSTORE_ID_TOKEN`.
   */
  readonly identityToken?: string | (() => string | Promise<string>) | undefined;
  /** Who issues certificates; `https://fulcio.sigstore.dev` unless told. */
  readonly fulcioUrl?: string | undefined;
  /** The log; `https://rekor.sigstore.dev` unless told. */
  readonly rekorUrl?: string | undefined;
  /** The version of the log's interface, 1 or 2; 1 unless told. One of version 2 tells no time: it needs `timestampUrl`. */
  readonly rekorVersion?: 1 | 2 | undefined;
  /** An authority for time stamps (RFC 3161), for example `https://timestamp.sigstore.dev`; none unless told. */
  readonly timestampUrl?: string | undefined;
}
