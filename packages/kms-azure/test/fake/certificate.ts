import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

// A self-signed certificate for the fake's hosts, X.509 in DER by hand (RFC 5280 §4.1). Made anew in each run, so that no private
// key lies in the repository, nothing expires, and neither openssl nor a dependency is needed.

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(body.length)), body]);
};
const lengthOf = (n: number) => (n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255]);
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const objectId = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const text = (tag: number, value: string) => der(tag, Buffer.from(value, 'latin1'));

const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));
const NAME = sequence(der(0x31, sequence(objectId('550403'), text(0x0c, 'weightseal fake Key Vault'))));
const VALIDITY = sequence(text(0x18, '20200101000000Z'), text(0x18, '99991231235959Z'));

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export function selfSigned(hosts: readonly string[]): Certificate {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const names = sequence(...hosts.map((host) => text(0x82, host)));
  const basic = sequence(
    objectId('551d13'),
    der(0x01, Uint8Array.of(255)),
    der(0x04, sequence(der(0x01, Uint8Array.of(255)))),
  );
  const extensions = sequence(basic, sequence(objectId('551d11'), der(0x04, names)));
  const body = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))), // version 3
    der(0x02, Uint8Array.of(1)), // serial number
    ECDSA_WITH_SHA256,
    NAME,
    VALIDITY,
    NAME,
    pair.publicKey,
    der(0xa3, extensions),
  );
  const signature = sign('sha256', body, createPrivateKey(pair.privateKey));
  const whole = sequence(body, ECDSA_WITH_SHA256, der(0x03, Uint8Array.of(0), signature));
  const lines = whole
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return { key: pair.privateKey, cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` };
}
