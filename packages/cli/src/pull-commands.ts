import { configuration, expect, force, provider } from './flags.js';
import { signers } from './release-flags.js';
import type { Command, Flag } from './spec.js';

/** What is shown to a server, and whom to trust. */
const clientTls: readonly Flag[] = [
  {
    name: 'tls-cert',
    value: 'file',
    help: 'a certificate to show to servers, and those between it and its root',
  },
  { name: 'tls-key', value: 'file', help: 'its private key, which nobody else may read' },
  { name: 'tls-ca', value: 'file', help: 'the authorities of the servers, and no others' },
  { name: 'tls-crl', value: 'file', help: 'their lists of revoked certificates' },
  {
    name: 'server-name',
    value: 'name',
    many: true,
    help: 'a name that a server must have instead of its address (spiffe://…, dns:…)',
  },
  { name: 'dev', help: 'take certificates that `weightseal dev-ca` has made' },
];

export const PULL_COMMANDS: readonly Command[] = [
  {
    name: 'pull',
    operand: 'uri',
    anyNumber: true,
    summary: 'fetch a release: judged first, hashed while it comes, whole or not at all',
    about:
      'weightseal pull <uri> [<mirror>…] <path>: fetches a signed file or bundle from a server (https://…), or any other store, to a path. First comes what says what it is, and its signature is judged; then the files, in ' +
      'parallel ranges, each hashed while it comes and compared with what was signed. What fails at one mirror, or is something else there, comes from the next. The path appears when all of it is there; what was cut ' +
      'off goes on with the same command. Of a new version only what is new comes: what is the same is taken from the older one at the path, or beside it. No key is needed, and nothing is opened. ' +
      'Whose release it may be say the options, or the `trust` of a configuration; which of theirs, --context or --digest.',
    flags: [
      ...signers,
      { ...expect, help: 'refuse a release unless its context has this (model=acme/llama); repeat for more' },
      {
        name: 'digest',
        value: 'hex',
        help: 'refuse every release but this one: the SHA-256 of its manifest',
      },
      { name: 'unsigned', help: 'take what nobody has signed, or anybody; it is only seen to be whole' },
      {
        name: 'previous',
        value: 'path',
        help: 'an older version, of which files are taken that are the same',
      },
      {
        ...force,
        help: 'replace another version that is there; another model only where --context or --digest names it',
      },
      { name: 'list', help: 'only show what the server has for you' },
      ...clientTls,
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal pull https://models.internal:8443/llama/3.1 llama --public-key release.pub.pem --context model=acme/llama --tls-cert me.pem --tls-key me-key.pem --tls-ca ca.pem',
      'weightseal pull https://eu.example.com/llama https://us.example.com/llama llama --public-key release.pub.pem',
      'weightseal pull https://models.internal:8443/ --list',
    ],
  },
];
