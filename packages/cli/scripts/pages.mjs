// Puts the guides into the package, for `weightseal help`.
import { copyFileSync, mkdirSync } from 'node:fs';

const docs = new URL('../../../docs/', import.meta.url);
const dist = new URL('../dist/docs/', import.meta.url);

const GUIDES = ['configuration', 'errors', 'key-uris', 'loading', 'operations'];
const PROVIDERS = ['aws', 'azure', 'gcp', 'pkcs11', 'vault'];

mkdirSync(dist, { recursive: true });
for (const name of GUIDES) copyFileSync(new URL(`${name}.md`, docs), new URL(`${name}.md`, dist));
for (const name of PROVIDERS)
  copyFileSync(new URL(`providers/${name}.md`, docs), new URL(`${name}.md`, dist));
