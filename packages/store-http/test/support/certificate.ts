import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A new key and a certificate for 127.0.0.1, or another name, that it signed itself, in PEM. Node itself makes none. */
export async function selfSigned(altName = 'IP:127.0.0.1'): Promise<{ key: string; cert: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'weightseal-certificate-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  const how = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const who = ['-subj', '/CN=store', '-addext', `subjectAltName=${altName}`];
  try {
    await promisify(execFile)('openssl', ['req', ...how, ...who, '-keyout', key, '-out', cert]);
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  } finally {
    await rm(directory, { recursive: true });
  }
}
