// What each provider of keys, and of stores, adds to an installation and to the start of a process: the tables in docs/providers/README.md and docs/stores/README.md.
// Installs each package, packed as npm would publish it, in a folder of its own.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [START, END] = ['<!-- costs -->', '<!-- /costs -->'];
const RUNS = 15;
/** What a package loads at its first call: by itself it loads no SDK. */
const KEYS = {
  'kms-local': [],
  'kms-aws': ['@aws-sdk/client-kms'],
  'kms-gcp': ['@google-cloud/kms'],
  'kms-azure': ['@azure/keyvault-keys', '@azure/identity'],
  'kms-pkcs11': ['koffi'],
  'kms-vault': [],
};
const STORES = {
  'store-http': [],
  'store-s3': ['@aws-sdk/client-s3'],
  'store-gcs': ['google-auth-library'],
  'store-azure': ['@azure/storage-blob', '@azure/identity'],
};
const TABLES = [
  ['docs/providers/README.md', KEYS],
  ['docs/stores/README.md', STORES],
];

function pack(name, into) {
  execFileSync('pnpm', ['pack', '--pack-destination', into], {
    cwd: join('packages', name),
    stdio: 'ignore',
  });
  const file = readdirSync(into).find((one) => one.startsWith(`weightseal-${name}-`));
  return join(into, file);
}

function bytes(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function packages(directory) {
  const lines = execFileSync('npm', ['ls', '--all', '--parseable'], { cwd: directory, encoding: 'utf8' });
  return new Set(lines.trim().split('\n')).size - 1;
}

/** Milliseconds beyond Node's own start, the median of alternating runs. */
function importTime(directory, names) {
  const code = names.map((name) => `await import('${name}');`).join('');
  const time = (source) => {
    const before = process.hrtime.bigint();
    execFileSync(process.execPath, ['--input-type=module', '-e', source], {
      cwd: directory,
      stdio: 'ignore',
    });
    return Number(process.hrtime.bigint() - before) / 1e6;
  };
  const differences = Array.from({ length: RUNS }, () => -time('') + time(code)).sort((a, b) => a - b);
  return Math.round(differences[RUNS >> 1]);
}

function cost(provider, sdk, scratch, tarballs) {
  const directory = join(scratch, provider);
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{"private": true}');
  const files = [...new Set([tarballs.core, tarballs[provider]])];
  execFileSync('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...files], {
    cwd: directory,
  });
  const ours = [`@weightseal/${provider}`];
  const mebibytes = bytes(join(directory, 'node_modules')) / 2 ** 20;
  const loaded = sdk.length > 0 ? `${importTime(directory, [...ours, ...sdk])} ms` : 'the same';
  return `| \`@weightseal/${provider}\` | ${packages(directory)} | ${mebibytes.toFixed(1)} | ${importTime(directory, ours)} ms | ${loaded} |`;
}

const scratch = mkdtempSync(join(tmpdir(), 'weightseal-costs-'));
try {
  const tarballs = { core: pack('core', scratch) };
  for (const [document, providers] of TABLES) {
    const there = Object.entries(providers).filter(([name]) => existsSync(join('packages', name)));
    for (const [name] of there) tarballs[name] = pack(name, scratch);
    const rows = there.map(([name, sdk]) => cost(name, sdk, scratch, tarballs));
    const table = [
      '| package | packages in all | MiB | import | with its SDK, at the first call |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n');
    console.log(table);
    const [before, rest] = readFileSync(document, 'utf8').split(START);
    writeFileSync(document, `${before}${START}\n${table}\n${END}${rest.split(END)[1]}`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
