// The program in the image of packaging/Containerfile, without an engine: the root that packaging/rootfs.sh lays out, read-only, as a user
// that is not root, with a /work to write to, and in namespaces of its own.
//
//   node .ci/check-program.mjs [--available]
//
// Where the machine gives no namespaces, it runs with an empty environment instead, and says so; in CI, which would test less from then on,
// only with --available.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MODEL = randomBytes(16 * 2 ** 20);
const NOBODY = 65532;
const INSIDE = '/usr/local/bin/weightseal';
const KEYS = [
  'aws-kms://alias/a?region=eu-west-1',
  'gcp-kms://projects/weightseal-demo/locations/global/keyRings/r/cryptoKeys/k',
  'azure-kv://no-such-vault.vault.azure.net/keys/k',
  'vault://127.0.0.1:9/transit/keys/models',
];
const CONFIG = `import { defineConfig } from '@weightseal/config';
const path: string = 'model.key';
export default defineConfig({ keys: { mine: \`local:\${path}\` }, profiles: { dev: { open: ['mine'] } }, profile: 'dev' });
`;
const program = resolve('packaging/program/dist/weightseal');
const directory = mkdtempSync(join(tmpdir(), 'weightseal-program-'));
const root = join(directory, 'root');
const work = join(directory, 'work');
const isRoot = process.getuid() === 0;

/** As an engine starts a container. Root in a user namespace stands in for the user who is not root, where we are none. */
const CONTAINER = `set -eu
mount --bind "$1" "$1"
mount --bind "$2" "$1/work"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$1/dev/shm"
mount -t proc proc "$1/proc"
mount -o remount,bind,ro "$1"
root=$1
shift 2
cd "$root"
chroot=$(PATH="$PATH:/usr/sbin:/sbin" command -v chroot)
exec env -i HOME=/tmp "$chroot" ${isRoot ? `--userspec=${NOBODY}:${NOBODY}` : ''} . "$@"
`;
const unshare = ['--mount', '--pid', '--ipc', '--fork', ...(isRoot ? [] : ['--user', '--map-root-user'])];
let contained = spawnSync('unshare', [...unshare, 'true']).status === 0;

/** What the words mean outside of the image. */
function outside(word) {
  return word === INSIDE ? program : word.replace(/(?<=^|[:=.])\/work\//, `${work}/`);
}

function start(args) {
  const options = { cwd: '/', encoding: 'utf8' };
  return contained
    ? spawnSync('unshare', [...unshare, 'sh', '-c', CONTAINER, 'sh', root, work, INSIDE, ...args], options)
    : spawnSync(program, args.map(outside), { ...options, env: { HOME: work } });
}

function weightseal(...args) {
  const started = performance.now();
  const { status, stdout, stderr } = start(args);
  console.log(`weightseal ${args[0]}: ${Math.round(performance.now() - started)} ms`);
  if (status !== 0) throw new Error(`weightseal ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout + stderr;
}

function refused(code, ...args) {
  const { status, stdout, stderr } = start(args);
  if (status === 0 || !code.test(stdout + stderr))
    throw new Error(
      `weightseal ${args.join(' ')} was not refused with ${code}: ${status}, ${stdout}${stderr}`,
    );
}

try {
  mkdirSync(work);
  execFileSync('sh', ['packaging/rootfs.sh', program, root]);
  chmodSync(directory, 0o755);
  writeFileSync(join(work, 'model.bin'), MODEL);
  if (isRoot) for (const each of [work, join(work, 'model.bin')]) chownSync(each, NOBODY, NOBODY);
  const first = contained ? start(['--version']) : undefined;
  if (first && first.status !== 0) {
    console.log(`no container can be made here: ${first.stderr}`);
    contained = false;
  }
  if (!contained && process.env.CI && !process.argv.includes('--available'))
    throw new Error('No container can be made here: let users make namespaces, or pass --available.');
  console.log(contained ? 'in the root of the image' : 'with an empty environment');

  const { version } = JSON.parse(readFileSync('packages/cli/package.json', 'utf8'));
  if (weightseal('--version').trim() !== version) throw new Error('another version than the package');
  const key = ['--key', 'local:/work/model.key'];
  const sealed = '/work/model.bin.sealed';
  weightseal('keygen', '/work/model.key');
  weightseal('seal', '/work/model.bin', ...key, '--context', 'model=m');
  weightseal('verify', sealed, ...key, '--context', 'model=m');
  weightseal('open', sealed, '-o', '/work/opened', ...key, '--context', 'model=m');
  if (!readFileSync(join(work, 'opened')).equals(MODEL)) throw new Error('other bytes came back');
  // No shell and no other program is there: the command of `run` is the program itself, which seals what it finds.
  const command = [INSIDE, 'seal', '{model}', '-o', '/work/again.sealed', ...key];
  console.log(weightseal('run', sealed, ...key, '--context', 'model=m', '--', ...command));
  weightseal('open', '/work/again.sealed', '-o', '/work/again', ...key);
  if (!readFileSync(join(work, 'again')).equals(MODEL)) throw new Error('run gave other bytes');
  refused(/CONTEXT_MISMATCH/, 'open', sealed, '-o', '/work/other', ...key, '--context', 'model=n');
  // Node's own loader reads it: TypeScript, with an import that is found nowhere.
  writeFileSync(join(work, 'weightseal.config.ts'), CONFIG);
  weightseal('verify', sealed, '--config', '/work/weightseal.config.ts');
  // The guides, which the package has beside its code, are in the program.
  if (!weightseal('help', 'errors').includes('CONTEXT_MISMATCH'))
    throw new Error('the guide to errors is not in it');
  // A provider of somebody else's, by a path from the working directory, which is / here.
  copyFileSync('.ci/own-key.mjs', join(work, 'own-key.mjs'));
  writeFileSync(join(work, 'own-key.secret'), randomBytes(32), { mode: 0o644 });
  const own = ['--key', 'own-key:models', '--provider', 'own-key=./work/own-key.mjs'];
  weightseal('seal', '/work/model.bin', '-o', '/work/own.sealed', ...own);
  weightseal('open', '/work/own.sealed', '-o', '/work/own', ...own);
  if (!readFileSync(join(work, 'own')).equals(MODEL))
    throw new Error('a provider from disk gave other bytes');
  refused(/PROVIDER_UNKNOWN/, 'verify', '/work/own.sealed', '--key', 'own-key:models');
  refused(/PROVIDER_MISSING/, 'verify', '/work/own.sealed', ...own.with(3, 'own-key=./work/no.mjs'));
  // Each provider's SDK is in it, and loads: without credentials, or a service, that is what the key says.
  for (const uri of KEYS) refused(/KEY_(DENIED|UNAVAILABLE|TIMEOUT)/, 'keys', 'check', uri);
  refused(/PROVIDER_MISSING/, 'verify', sealed, '--key', 'pkcs11:token=t;object=o');
} finally {
  rmSync(directory, { recursive: true, force: true });
}
