import type { Flag } from './spec.js';

/** Who may have signed it. */
export const signers: readonly Flag[] = [
  {
    name: 'public-key',
    value: 'file',
    many: true,
    help: 'a public key in PEM whose signature counts; repeat for more',
  },
  {
    name: 'root',
    value: 'file',
    many: true,
    help: 'certificates in PEM: one of them must have issued that of the signer',
  },
  {
    name: 'identity',
    value: 'name',
    help: 'with --root: a name that the certificate must have; with --issuer: who must have signed',
  },
  { name: 'issuer', value: 'url', help: 'of Sigstore: the identity provider that has told who it was' },
  {
    name: 'trusted-root',
    value: 'file',
    help: 'of Sigstore: its keys, a trusted_root.json; those of the public instance unless told',
  },
];

/** Who signs. */
export const signing: readonly Flag[] = [
  {
    name: 'signer',
    short: 's',
    value: 'key',
    help: 'the private key: pem:FILE, or the URI of a key in a KMS, an HSM or Vault that signs',
  },
  {
    name: 'certificate',
    value: 'file',
    help: "the signer's certificate and those above it, in PEM, its own first",
  },
  {
    name: 'sigstore',
    help: 'sign without a key, as whom the environment is known to be (GitHub Actions and the like)',
  },
];
