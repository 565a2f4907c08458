import { force } from './flags.js';
import type { Command } from './spec.js';

export const TRANSIT_COMMANDS: readonly Command[] = [
  {
    name: 'dev-ca',
    operand: '<directory>',
    summary: 'make certificates for TLS on this machine, for development',
    about:
      'Makes an authority that counts for seven days and may issue for localhost, 127.0.0.1 and ::1 only, with a certificate for a server and one for a client: ca.pem, server.pem, server-key.pem, ' +
      'client.pem, client-key.pem, each of mode 0600. The private key of the root is written nowhere, so that nobody can issue by it afterwards. What is made here is refused by ' +
      'TLS of weightseal unless a program sets allowDevelopment.',
    flags: [
      {
        name: 'name',
        value: 'name',
        help: 'also for this name and those below it; it ends in .test or .localhost',
      },
      { name: 'keep-root-key', help: "write the root's private key too, as ca-key.pem" },
      { ...force, help: 'replace what an earlier one has made there' },
    ],
    examples: ['weightseal dev-ca dev', 'weightseal dev-ca dev --name models.test --force'],
  },
];
