import { configuration, provider } from './flags.js';
import type { Command, Flag } from './spec.js';

const LIMITS: readonly Flag[] = [
  { name: 'max-connections', value: 'number', help: 'of all clients; 2048 unless told' },
  { name: 'max-handshakes', value: 'number', help: 'that are under way; 1024 unless told' },
  { name: 'max-client-connections', value: 'number', help: 'of one client; 64 unless told' },
  { name: 'max-requests', value: 'number', help: 'that are answered at once; 2048 unless told' },
  { name: 'max-client-requests', value: 'number', help: 'of one client at once; 256 unless told' },
  {
    name: 'client-rate',
    value: 'size',
    help: 'bytes per second for one client, such as 200MiB; no limit unless told',
  },
  {
    name: 'header-time',
    value: 'time',
    help: 'in which the headers of a request must be there; 10s unless told',
  },
  {
    name: 'idle-time',
    value: 'time',
    help: 'how long a connection may be without a request; 60s unless told',
  },
  { name: 'stall-time', value: 'time', help: 'in which a client must take what is sent; 30s unless told' },
  { name: 'drain-time', value: 'time', help: 'how long answers may go on after SIGTERM; 30s unless told' },
];

export const SERVE_COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    operand: '<place>',
    prints: true,
    summary: 'serve what is sealed at a place, to clients with certificates',
    about:
      'Serves the sealed files and bundles in a directory, or below a URI of a store, by TLS 1.3: in ranges, over HTTP/1.1 and HTTP/2, read only. No key is needed, and nothing is served that is not sealed. ' +
      'Each client shows a certificate, which is judged at each request by the rules of --clients; there is no way to do without: put a proxy in front of it for that (weightseal help serving). ' +
      'Certificates, lists of revoked ones and the rules are looked at again every ten seconds. Each request is one line of JSON on standard output. SIGTERM lets answers go on for a while, and ends it. ' +
      'A socket that systemd passes is used where --listen is not given.',
    flags: [
      { name: 'listen', value: 'host:port', help: '127.0.0.1:8443 unless told' },
      {
        name: 'tls-cert',
        value: 'file',
        required: true,
        help: 'the own certificate, and those between it and its root',
      },
      { name: 'tls-key', value: 'file', required: true, help: 'its private key, which nobody else may read' },
      {
        name: 'tls-ca',
        value: 'file',
        required: true,
        help: 'the authorities of the clients, and no others',
      },
      { name: 'tls-crl', value: 'file', help: 'their lists of revoked certificates' },
      {
        name: 'clients',
        value: 'file',
        required: true,
        help: 'who may have what: {"clients": [{"names": …, "models": …}]}',
      },
      {
        name: 'admin',
        value: '[host:]port',
        help: 'answer /healthz, /readyz and /metrics there, by plain HTTP; on 127.0.0.1 unless told',
      },
      { name: 'any', help: 'serve files that are not sealed, too' },
      { name: 'dev', help: 'take certificates of `weightseal dev-ca`, on a loopback address' },
      ...LIMITS,
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal serve models --tls-cert server.pem --tls-key server-key.pem --tls-ca clients-ca.pem --clients clients.json',
      'weightseal serve s3://models/prod --listen 0.0.0.0:8443 --admin 9464 --tls-cert server.pem --tls-key server-key.pem --tls-ca clients-ca.pem --clients clients.json',
      'weightseal serve models --dev --tls-cert dev/server.pem --tls-key dev/server-key.pem --tls-ca dev/ca.pem --clients clients.json',
    ],
  },
];
