const LINE = /.{1,64}/g;

/**
 * A public key as the text that others take: PEM (RFC 7468 §13) of a SubjectPublicKeyInfo, as OpenSSL writes it.
 *
 * @param publicKey DER of a SubjectPublicKeyInfo
 */
export function publicKeyPem(publicKey: Uint8Array): string {
  const lines = Buffer.from(publicKey).toString('base64').match(LINE) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
