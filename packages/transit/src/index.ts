export {
  type Asked,
  type AuthorisationRules,
  authorise,
  CheckedRules,
  type ClientRule,
  checkRules,
  type Grant,
} from './authorise.js';
export { type ClientTls, createTlsOptions, type ServerTls, type SharedTls } from './create-tls-options.js';
export { createDevCa, type DevCa, type DevCaOptions, type DevCertificate } from './dev/dev-ca.js';
export { type WriteDevCaOptions, type WrittenDevCa, writeDevCa } from './dev/write-dev-ca.js';
export { type NamePattern, patternOf } from './names/pattern.js';
export { parseSpiffeId, type SpiffeId } from './names/spiffe.js';
export type { ClientOptions, Pem, ServerOptions, SharedOptions } from './options.js';
export {
  checkPeer,
  type Peer,
  type PeerChecks,
  peerFrom,
  peerOf,
  type Revocation,
  type Role,
} from './peer.js';
export { refusalOf } from './refusal.js';
export { ReloadingTls, type ReloadOptions, type TlsServer } from './reloading.js';
export { type Certificate, readCertificate, readCertificates } from './x509/certificate.js';
export { type Crl, checkRevoked, readCrls } from './x509/crl.js';
