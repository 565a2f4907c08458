// Certificates as an authority of one's own issues them, made by OpenSSL's command line: one for a server, by its address, and some for clients, by SPIFFE IDs.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (directory: string, ...words: readonly string[]) =>
  execFileSync('openssl', words, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];

/** `NAME-ca.pem`, by which others are trusted, and its key. */
export function makeAuthority(directory: string, name: string): void {
  const extensions = ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign,cRLSign'];
  openssl(
    directory,
    ...['req', '-x509', ...KEY, '-keyout', `${name}-ca-key.pem`, '-out', `${name}-ca.pem`, '-days', '30'],
    ...['-subj', `/CN=${name}`],
    ...extensions.flatMap((one) => ['-addext', one]),
  );
}

/** `NAME.pem` and `NAME-key.pem`, for one purpose and one name. */
export function issue(
  directory: string,
  authority: string,
  name: string,
  { purpose, is }: { purpose: 'serverAuth' | 'clientAuth'; is: string },
): void {
  openssl(
    directory,
    'req',
    '-new',
    ...KEY,
    '-keyout',
    `${name}-key.pem`,
    '-out',
    `${name}.csr`,
    '-subj',
    `/CN=${name}`,
  );
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${purpose}`,
    `subjectAltName=${is}`,
  ];
  writeFileSync(join(directory, `${name}.ext`), `${extensions.join('\n')}\n`);
  openssl(
    directory,
    ...[
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${authority}-ca.pem`,
      '-CAkey',
      `${authority}-ca-key.pem`,
    ],
    ...['-days', '7', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
  );
}

/** `NAME.pem`, a key that signs releases, and `NAME.pub.pem`. */
export function makeSigningKey(directory: string, name: string): void {
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  openssl(directory, 'genpkey', ...curve, '-out', `${name}.pem`);
  openssl(directory, 'pkey', '-in', `${name}.pem`, '-pubout', '-out', `${name}.pub.pem`);
}
