import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporary } from './support/temporary.js';

const temp = await temporary();
const dist = dirname(createRequire(import.meta.url).resolve('@weightseal/core'));
const [INDEX, WORKER] = ['index.js', 'worker.js'].map((file) => join(dist, file)) as [string, string];
/** Over the 4 MiB up to which no thread is started. */
const PROGRAM = join(import.meta.dirname, 'support', 'seal-on-threads.mjs');

interface Done {
  /** What each thread was started from, and what became of it. */
  readonly threads: readonly ('file' | 'text')[];
  readonly same: boolean;
  readonly code?: string;
  readonly message?: string;
}

/** Core's own code as a bundler leaves it: in a folder, as modules whatever a package there says, and what `beside` puts there. */
async function bundled(beside: (folder: string) => void, flags: readonly string[] = []): Promise<Done> {
  const folder = await temp.directory();
  const names = readdirSync(dist).filter((name) => name.endsWith('.js') && name !== 'worker.js');
  for (const name of names) {
    const text = names.reduce(
      (code, other) => code.replaceAll(`./${other}`, `./${moduleName(other)}`),
      readFileSync(join(dist, name), 'utf8'),
    );
    writeFileSync(join(folder, moduleName(name)), text);
  }
  beside(folder);
  return run(pathToFileURL(join(folder, 'bundle.mjs')).href, await temp.directory(), flags);
}

function moduleName(name: string): string {
  return name === 'index.js' ? 'bundle.mjs' : name.replace(/\.js$/, '.mjs');
}

function run(core: string, folder: string, flags: readonly string[] = []): Done {
  const told = execFileSync(process.execPath, [...flags, PROGRAM, core, folder], { encoding: 'utf8' });
  return JSON.parse(told) as Done;
}

describe('the threads of core', () => {
  it('are started from one file that imports nothing', () => {
    const text = readFileSync(WORKER, 'utf8');
    expect(text).not.toMatch(/\bimport\b|\bexport\b|\brequire\b/);
    const { threads, same } = run(pathToFileURL(INDEX).href, temp.path());
    expect(new Set(threads)).toEqual(new Set(['file']));
    expect(same).toBe(true);
  });

  it('are started from that file where a bundle carries it, as a module and as CommonJS', async () => {
    for (const type of ['module', 'commonjs']) {
      const { threads, same } = await bundled((folder) => {
        copyFileSync(WORKER, join(folder, 'worker.js'));
        writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
      });
      expect(new Set(threads)).toEqual(new Set(['file']));
      expect(same).toBe(true);
    }
  });

  it('are started from that file where only its owner can move it away, as in /tmp', async () => {
    const { threads } = await bundled((folder) => {
      copyFileSync(WORKER, join(folder, 'worker.js'));
      chmodSync(folder, 0o1777);
    });
    expect(new Set(threads)).toEqual(new Set(['file']));
  });

  it('are started from what a link beside leads to', async () => {
    const { threads, same } = await bundled((folder) => symlinkSync(WORKER, join(folder, 'worker.js')));
    expect(new Set(threads)).toEqual(new Set(['file']));
    expect(same).toBe(true);
  });

  const beside: Record<string, (file: string) => void> = {
    nothing: () => {},
    "another's file of that name": (file) => writeFileSync(file, 'process.exit(7)'),
    'the file of another version': (file) => writeFileSync(file, `${readFileSync(WORKER, 'utf8')}\n;`),
    'a folder of that name': (file) => mkdirSync(file),
    'a link that leads nowhere': (file) => symlinkSync('nowhere', file),
    'a pipe': (file) => execFileSync('mkfifo', [file]),
    'the file, and others can write to it': (file) => {
      copyFileSync(WORKER, file);
      chmodSync(file, 0o666);
    },
    'the file, and others can put another in its place': (file) => {
      copyFileSync(WORKER, file);
      chmodSync(dirname(file), 0o777);
    },
    'the file, and others can put another directory in place of its own': (file) => {
      mkdirSync(join(dirname(file), 'in'));
      copyFileSync(WORKER, join(dirname(file), 'in', 'worker.js'));
      symlinkSync('in/worker.js', file);
      chmodSync(dirname(file), 0o770);
    },
    "the file, and it is another user's (as root)": (file) => {
      copyFileSync(WORKER, file);
      if (process.getuid?.() === 0) chownSync(file, 65534, 65534);
      else rmSync(file);
    },
  };
  it.each(Object.entries(beside))('are started from its text where there is %s', async (_name, put) => {
    const { threads, same } = await bundled((folder) => put(join(folder, 'worker.js')));
    expect(new Set(threads)).toEqual(new Set(['text']));
    expect(same).toBe(true);
  });

  it('start again from the text where the file is there, and a thread cannot load it', () => {
    const { threads, same } = run(pathToFileURL(INDEX).href, temp.path(), ['--import', LOST]);
    expect(threads.slice(0, 1)).toEqual(['file']);
    expect(threads.at(-1)).toBe('text');
    expect(same).toBe(true);
  });

  it('are started from the text where code may not be made of strings', async () => {
    const { same } = await bundled(() => {}, ['--disallow-code-generation-from-strings']);
    expect(same).toBe(true);
  });
});

/** As Yarn's Plug'n'Play: this thread reads a file that is in an archive, and no other thread finds it. */
const LOST = `data:text/javascript,${encodeURIComponent(`
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(from, options) { super(options.eval ? from : new URL('lost/worker.js', from), options); }
  };
`)}`;
