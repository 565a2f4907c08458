import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compareWithDirectory, parseStatement, resourcesOfDirectory, statementOf } from '@weightseal/release';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { refused } from './support/refused.ts';
import { digestOf } from './support/statements.ts';

const base = mkdtempSync(join(tmpdir(), 'directory-'));
afterAll(() => rmSync(base, { recursive: true }));

let root: string;
let count = 0;
const write = (name: string, text: string | Uint8Array) => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};
beforeEach(() => {
  root = join(base, `model-${++count}`);
  write('config.json', '{}');
  write('weights/b.bin', 'b');
  write('weights/a.bin', 'a');
  write('weights-2/a.bin', '');
});

const statement = async (options: Parameters<typeof resourcesOfDirectory>[1] = {}) =>
  parseStatement(statementOf(await resourcesOfDirectory(root, options), { name: 'model', ...options }));

describe('the files of a directory', () => {
  it('are told by name, sorted by bytes, with their digests', async () => {
    const expected = [
      { name: 'config.json', digest: digestOf('{}') },
      { name: 'weights-2/a.bin', digest: digestOf('') },
      { name: 'weights/a.bin', digest: digestOf('a') },
      { name: 'weights/b.bin', digest: digestOf('b') },
    ];
    expect(await resourcesOfDirectory(root)).toEqual(expected);
    expect(await resourcesOfDirectory(pathToFileURL(root))).toEqual(expected);
  });

  it('are without those of git, at the root and nowhere else, unless others are named', async () => {
    write('.git/HEAD', 'x');
    write('.gitignore', 'x');
    write('.gitmodules', 'x');
    write('weights/.gitignore', 'x');
    const names = async (ignorePaths?: string[]) =>
      (await resourcesOfDirectory(root, { ignorePaths })).map(({ name }) => name);
    expect(await names()).toEqual([
      '.gitmodules',
      'config.json',
      'weights-2/a.bin',
      'weights/.gitignore',
      'weights/a.bin',
      'weights/b.bin',
    ]);
    expect(await names(['weights', '.gitmodules', '.git', 'config'])).toEqual([
      '.gitignore',
      'config.json',
      'weights-2/a.bin',
    ]);
    expect(await names(['weights/a.bin', '.git', '.gitignore', '.gitmodules'])).toEqual([
      'config.json',
      'weights-2/a.bin',
      'weights/.gitignore',
      'weights/b.bin',
    ]);
  });

  it('may be many, and large, and are counted while they are hashed', async () => {
    const large = Buffer.alloc(20_000_000, 'large');
    write('large.bin', large);
    for (let at = 0; at < 300; at++) write(`many/${at}.bin`, String(at));
    const told: { bytes: number; total: number | undefined }[] = [];
    const found = await resourcesOfDirectory(root, { onProgress: (progress) => void told.push(progress) });
    const digests = new Map(found.map(({ name, digest }) => [name, digest]));
    expect(digests.get('large.bin')).toBe(digestOf(large));
    for (let at = 0; at < 300; at++) expect(digests.get(`many/${at}.bin`)).toBe(digestOf(String(at)));
    expect(told[0]).toEqual({ bytes: 0, total: told.at(-1)!.bytes });
    expect(told.map(({ bytes }) => bytes)).toEqual(told.map(({ bytes }) => bytes).toSorted((a, b) => a - b));
  });

  it('are hashed where there can be no threads', async () => {
    write('large.bin', Buffer.alloc(20_000_000, 'large'));
    const program = `import { resourcesOfDirectory } from '@weightseal/release'; console.log(JSON.stringify(await resourcesOfDirectory(process.argv[1])));`;
    const args = ['--permission', '--allow-fs-read=*', '--input-type=module', '-e', program, root];
    const out = execFileSync(process.execPath, args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(out)).toEqual(await resourcesOfDirectory(root));
  });

  it('are no links, unless those are allowed, and then only links to files', async () => {
    write('elsewhere/file', 'linked');
    renameSync(join(root, 'elsewhere'), join(base, `elsewhere-${count}`));
    symlinkSync(join(base, `elsewhere-${count}`, 'file'), join(root, 'link.bin'));
    await refused(() => resourcesOfDirectory(root), 'LINK_INVALID', /link\.bin.*is a link/);
    const found = await resourcesOfDirectory(root, { allowSymlinks: true });
    expect(found).toContainEqual({ name: 'link.bin', digest: digestOf('linked') });
    expect((await statement({ allowSymlinks: true })).allowSymlinks).toBe(true);
    symlinkSync(join(root, 'weights'), join(root, 'linked'));
    await refused(
      () => resourcesOfDirectory(root, { allowSymlinks: true }),
      'LINK_INVALID',
      /something else than a file/,
    );
    rmSync(join(root, 'linked'));
    symlinkSync('nothing', join(root, 'linked'));
    await refused(() => resourcesOfDirectory(root, { allowSymlinks: true }), 'LINK_INVALID', /nowhere/);
    await resourcesOfDirectory(root, { ignorePaths: ['linked', 'link.bin'] });
  });

  it.skipIf(process.platform === 'win32')('are no pipes, and have names that a model can have', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await refused(() => resourcesOfDirectory(root), 'PATH_INVALID', /a pipe/);
    rmSync(join(root, 'pipe'));
    for (const name of ['a\\b', 'a\nb', 'a\u202eb', Buffer.from([0x61, 0xff])]) {
      const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name as string)]);
      writeFileSync(path, 'x');
      await refused(() => resourcesOfDirectory(root), 'PATH_INVALID');
      rmSync(path);
    }
    write('A', '');
    write('a', '');
    await refused(() => statement(), 'PATH_INVALID', /only in case/);
  });

  it('are refused where there are none, and when the caller aborts', async () => {
    await refused(() => resourcesOfDirectory(join(root, 'nothing')), 'INPUT_NOT_FOUND');
    await refused(() => resourcesOfDirectory(join(root, 'config.json')), 'IO_ERROR');
    await refused(() => resourcesOfDirectory(root, { signal: AbortSignal.abort() }), 'ABORTED');
    write('large.bin', Buffer.alloc(150_000_000));
    const controller = new AbortController();
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 0) controller.abort();
    };
    await refused(() => resourcesOfDirectory(root, { signal: controller.signal, onProgress }), 'ABORTED');
    const failing = () =>
      resourcesOfDirectory(root, {
        onProgress: ({ bytes }) => {
          if (bytes > 0) throw new Error('mine');
        },
      });
    await expect(failing()).rejects.toThrow('mine');
    await refused(
      () => resourcesOfDirectory(root, { ignore: [] } as never),
      'INVALID_ARGUMENT',
      /ignorePaths|ignore/,
    );
  });

  it('are refused when they change meanwhile', async () => {
    // So little is read in this thread, and told piece by piece.
    write('large.bin', Buffer.alloc(8_000_000));
    let changed = false;
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes < 1_000_000 || changed) return;
      appendFileSync(join(root, 'large.bin'), 'x');
      changed = true;
    };
    await refused(() => resourcesOfDirectory(root, { onProgress }), 'INPUT_CHANGED', /large\.bin/);
  });
});

describe('a directory that was signed', () => {
  it('is what it was', async () => {
    write('.git/HEAD', 'x');
    const signed = await statement();
    write('.git/HEAD', 'y');
    write('.github/x', 'y');
    await compareWithDirectory(signed, root);
    write('model.sig', 'signature');
    await refused(() => compareWithDirectory(signed, root), 'MANIFEST_MISMATCH', /extra: "model\.sig"/);
    await compareWithDirectory(signed, root, { ignorePaths: ['model.sig'] });
  });

  it('has no file too many, none too few and none that is another', async () => {
    const signed = await statement();
    write('extra.py', 'x');
    rmSync(join(root, 'weights/b.bin'));
    await refused(
      () => compareWithDirectory(signed, root),
      'MANIFEST_MISMATCH',
      /extra: "extra\.py"; missing: "weights\/b\.bin"/,
    );
    rmSync(join(root, 'extra.py'));
    write('weights/b.bin', 'c');
    write('config.json', '[]');
    await refused(
      () => compareWithDirectory(signed, root),
      'MANIFEST_MISMATCH',
      /changed: "config\.json", "weights\/b\.bin"/,
    );
    for (let at = 0; at < 9; at++) write(`more/${at}`, '');
    await refused(() => compareWithDirectory(signed, root), 'MANIFEST_MISMATCH', /"more\/\d" and 4 more/);
  });

  it('has no link in the place of a file, and no name that no model has', async () => {
    const signed = await statement();
    renameSync(join(root, 'config.json'), join(base, `config-${count}`));
    symlinkSync(join(base, `config-${count}`), join(root, 'config.json'));
    await refused(() => compareWithDirectory(signed, root), 'MANIFEST_MISMATCH', /is a link/);
  });

  it('cannot lack what is passed over and signed, too', async () => {
    const signed = parseStatement(
      statementOf(await resourcesOfDirectory(root), { name: 'model', ignorePaths: ['config.json'] }),
    );
    await refused(() => compareWithDirectory(signed, root), 'MANIFEST_MISMATCH', /missing: "config\.json"/);
  });
});
