import { fs, module, path, vm } from './builtins.js';

/** The hash of main.cjs, put in by the build: V8 itself compares no more than the length of a text with what was compiled of it. */
declare const BUILD: string;

const END = Buffer.from('whole');
/** As commands are named: nothing else becomes the name of a file. */
const NAME = /^[a-z]{1,20}$/;
const OTHER = 'other';

export interface Loaded<T> {
  readonly exports: T;
  /** Keeps what has been compiled by now, for the next time. */
  keep(): void;
}

/**
 * Runs a CommonJS file of ours, with the functions of it compiled that this use of it once needed. Node's own cache of compiled code has what is
 * compiled at the load, which is next to nothing: each function would be compiled anew when it is first called, in every process.
 *
 * A script has no `import()`: the build puts `importHere()` in its place.
 *
 * @param directory where that is kept, closed to all others; undefined for nowhere
 * @param use what the file is used for: what was compiled for one use lacks what another needs
 */
export function load<T>(file: string, directory: string | undefined, use: string | undefined): Loaded<T> {
  const kept = directory && path.join(directory, fileName(use && NAME.test(use) ? use : OTHER));
  const cachedData = kept === undefined ? undefined : read(kept);
  const text = `(function (exports, require, module, __filename, importHere) {${fs.readFileSync(file, 'latin1')}\n})`;
  const script = new vm.Script(text, { filename: file, ...(cachedData && { cachedData }) });
  const loaded = { exports: {} };
  const run = script.runInThisContext() as (...args: unknown[]) => void;
  run(loaded.exports, module.createRequire(file), loaded, file, (specifier: string) => import(specifier));
  const isNew = cachedData === undefined || script.cachedDataRejected === true;
  return {
    exports: loaded.exports as T,
    keep: () => {
      if (kept !== undefined && isNew) write(kept, script.createCachedData());
    },
  };
}

function fileName(use: string): string {
  return `${process.version}-${process.arch}-${BUILD}-${use}`;
}

/** V8 takes what is cut off for whole. */
function read(kept: string): Buffer | undefined {
  try {
    const bytes = fs.readFileSync(kept);
    const end = bytes.length - END.length;
    return bytes.subarray(end).equals(END) ? bytes.subarray(0, end) : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all. It is to be had again, so nothing that goes wrong here matters. */
function write(kept: string, compiled: Buffer): void {
  const made = `${kept}.${process.pid}`;
  try {
    const fd = fs.openSync(made, 'wx', 0o600);
    try {
      fs.writevSync(fd, [compiled, END]);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(made, kept);
  } catch {
    fs.rmSync(made, { force: true });
  }
}
