/**
 * The organisation in the name of every authority that `createDevCa` makes, by which it is recognised. A name, and no extension: each certificate that the authority issues carries it as its issuer's,
 * since a chain is one only where the names are the same (RFC 5280 §6.1.3), so that nobody has to have the root, and nobody can leave it out.
 */
export const DEVELOPMENT_AUTHORITY = 'weightseal development authority, not for production';
