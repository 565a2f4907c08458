import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goInstall } from './install.mjs';
import { listens } from './server.mjs';

const [version, entraVersion] = ['v0.7.0', 'v0.9.0'];
const entraPort = 8443;
const host = 'weightseal.vault.azure.net';
/** The tenant and the application that the issuer is born with, as its documentation gives them. */
const tenant = '6f89cf12-978b-4d23-ac18-9ef0c127cf87';
const client = { id: '00d88624-f0d7-46f6-a641-6232c2608928', secret: 'daemon-app-secret' };

export default {
  name: 'azure-keyvault-emulator',
  provider: 'kms-azure',
  version,
  // The ids that it gives its keys are always of this domain, on port 443.
  hosts: [host],
  programs: [
    goInstall('github.com/calvinchengx/azure-keyvault-emulator/cmd/azure-keyvault-emulator', version),
    goInstall('github.com/calvinchengx/entra-emulator/cmd/entra-emulator', entraVersion),
  ],
  async start([vault, entra], servers) {
    const data = (name) => join(servers.directory, name);
    const certificate = (name) => join(data(name), 'tls', 'cert.pem');
    const ready = (name, port) => async () => existsSync(certificate(name)) && (await listens(port)());
    const authority = `https://localhost:${entraPort}`;
    const issuer = `${authority}/${tenant}/v2.0`;
    await servers.launch(entra, [], {
      env: {
        HOST: '127.0.0.1',
        PORT: String(entraPort),
        ORIGIN_MODE: 'compat',
        ENTRA_DATA_DIR: data('entra'),
        TLS_CERT_DIR: join(data('entra'), 'tls'),
      },
      ready: ready('entra', entraPort),
    });
    await servers.launch(vault, [], {
      env: {
        KV_ADDR: '127.0.0.1:443',
        KV_DATA_DIR: data('vault'),
        KV_ENTRA_ISSUER: issuer,
        KV_ENTRA_TLS_INSECURE: '1',
      },
      ready: ready('vault', 443),
    });
    const both = join(servers.directory, 'certificates.pem');
    writeFileSync(both, ['entra', 'vault'].map((name) => readFileSync(certificate(name), 'utf8')).join('\n'));
    return {
      WEIGHTSEAL_EMULATOR_AZURE: `https://${host}`,
      WEIGHTSEAL_EMULATOR_AZURE_ENTRA: issuer,
      NODE_EXTRA_CA_CERTS: both,
      AZURE_AUTHORITY_HOST: authority,
      AZURE_TENANT_ID: tenant,
      AZURE_CLIENT_ID: client.id,
      AZURE_CLIENT_SECRET: client.secret,
    };
  },
};
