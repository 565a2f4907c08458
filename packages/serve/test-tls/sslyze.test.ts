import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporary } from '../../core/test/support/temporary.ts';
import { sealFile, visitor, world } from '../test/support/world.ts';

/** All that it can look for in TLS; of HTTP it would look for headers that are for browsers. */
const SCANS =
  'sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3 compression early_data heartbleed openssl_ccs reneg resum robot fallback elliptic_curves certinfo ems';

const place = await temporary();
const python = process.env['WEIGHTSEAL_SSLYZE'] ?? '';

interface Attempt {
  readonly status: string;
  readonly result: Record<string, unknown> & { readonly accepted_cipher_suites?: readonly unknown[] };
}

it('what sslyze sees of it is TLS 1.3 only, and nothing to find fault with', async (context) => {
  if (python === '') return context.skip('sslyze is not here: `pnpm test:tls` installs it');
  const root = await place.directory();
  await sealFile(join(root, 'llama'), { model: 'llama' });
  await using here = await world({ root });
  const own = await visitor();
  const directory = await place.directory();
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  const out = join(directory, 'out.json');
  const words = [
    '-m',
    'sslyze',
    '--quiet',
    `--json_out=${out}`,
    ...SCANS.split(' ').map((scan) => `--${scan}`),
  ];
  words.push(
    `--cert=${await file('c.pem', own.pem)}`,
    `--key=${await file('k.pem', own.key)}`,
    `127.0.0.1:${here.port}`,
  );
  await promisify(execFile)(python, words, { maxBuffer: 2 ** 26 });
  const [found] = JSON.parse(await readFile(out, 'utf8')).server_scan_results;
  expect(found.scan_status).toBe('COMPLETED');
  const results = found.scan_result as Record<string, Attempt>;
  const accepted = (name: string) => results[name]!.result.accepted_cipher_suites!.length;
  const versions = ['ssl_2_0', 'ssl_3_0', 'tls_1_0', 'tls_1_1', 'tls_1_2'];
  expect(versions.map((name) => accepted(`${name}_cipher_suites`))).toEqual([0, 0, 0, 0, 0]);
  expect(accepted('tls_1_3_cipher_suites')).toBeGreaterThan(0);
  const failed = Object.entries(results).filter(([, { status }]) => status !== 'COMPLETED');
  expect(failed.map(([name]) => name)).toEqual(['http_headers']);
  expect(results['heartbleed']!.result).toMatchObject({ is_vulnerable_to_heartbleed: false });
  expect(results['robot']!.result['robot_result']).toMatch(/^NOT_VULNERABLE/);
  expect(results['openssl_ccs_injection']!.result).toMatchObject({ is_vulnerable_to_ccs_injection: false });
  expect(results['tls_compression']!.result).toMatchObject({ supports_compression: false });
  expect(results['session_renegotiation']!.result).toMatchObject({
    is_vulnerable_to_client_renegotiation_dos: false,
  });
  expect(results['tls_1_3_early_data']!.result).toMatchObject({ supports_early_data: false });
  expect(results['session_resumption']!.result).toMatchObject({
    tls_ticket_resumption_result: 'SERVER_IS_TLS_1_3_ONLY',
  });
});
