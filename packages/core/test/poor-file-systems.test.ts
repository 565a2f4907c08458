import { readFile, stat, writeFile } from 'node:fs/promises';
import { bufferSource, openToFile, sealToFile, verify } from '@weightseal/core';
import { describe, expect, it, vi } from 'vitest';
import { MemoryKey } from './support/memory-key.js';
import { code, pattern, refusal } from './support/sealed.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

// exFAT, FAT and some of FUSE have neither files without a name nor hard links.
const system = vi.hoisted(() => ({
  links: 'EPERM' as string | undefined,
  beforeReserving: async (_path: string) => {},
  renames: undefined as string | undefined,
  frontToBack: false,
  removes: undefined as string | undefined,
}));

vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof import('node:fs/promises')>();
  const refusing = (errno: string) => Object.assign(new Error(`${errno}: no`), { code: errno });
  return {
    ...fs,
    open: async (...call: Parameters<typeof fs.open>) => {
      const [path, flags] = call;
      // What Node says where open(2) says EOPNOTSUPP to O_TMPFILE.
      if (typeof flags === 'number' && (flags & 0o20000000) !== 0) throw refusing('ENOTSUP');
      if (flags === 'wx') await system.beforeReserving(String(path));
      const handle = await fs.open(...call);
      if (system.frontToBack) {
        const write = handle.write.bind(handle) as (...call: unknown[]) => ReturnType<typeof handle.write>;
        let end = 0;
        handle.write = (async (...wanted: unknown[]) => {
          if (wanted[3] !== end) throw refusing('EINVAL');
          const written = await write(...wanted);
          end += written.bytesWritten;
          return written;
        }) as typeof handle.write;
      }
      return handle;
    },
    rm: async (...call: Parameters<typeof fs.rm>) => {
      if (system.removes) throw refusing(system.removes);
      return fs.rm(...call);
    },
    link: async (...call: Parameters<typeof fs.link>) => {
      if (system.links) throw refusing(system.links);
      return fs.link(...call);
    },
    rename: async (...call: Parameters<typeof fs.rename>) => {
      if (system.renames) throw refusing(system.renames);
      return fs.rename(...call);
    },
  };
});

const temp = await temporary();
const keys = [new MemoryKey('a')];
const PLAINTEXT = pattern(5000);

const seal = async () => {
  const directory = await temp.directory();
  const output = `${directory}/out`;
  await sealToFile(bufferSource(PLAINTEXT), output, { keys });
  return { directory, output };
};

describe('where there are no files without a name', () => {
  it('an output comes out right', async () => {
    system.links = undefined;
    const { directory, output } = await seal();
    expect(await everythingIn(directory)).toEqual(withManifest('out'));
    expect(await verify(output, { keys })).toMatchObject({ size: PLAINTEXT.length });
    await sealToFile(bufferSource(PLAINTEXT), output, { keys, overwrite: true });
    expect(await everythingIn(directory)).toEqual(withManifest('out'));
  });
});

describe.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('where there are no hard links (%s)', (errno) => {
  it('an output comes out right, and nothing else appears', async () => {
    system.links = errno;
    const { directory, output } = await seal();
    await openToFile(output, `${directory}/plain`, { keys });
    expect(Buffer.compare(await readFile(`${directory}/plain`), PLAINTEXT)).toBe(0);
    expect(await everythingIn(directory)).toEqual([...withManifest('out'), 'plain']);
  });
});

describe('where there are no hard links', () => {
  it('an output does not replace a file, also one that appears at the last moment', async () => {
    system.links = 'EPERM';
    const directory = await temp.directory();
    const output = `${directory}/out`;
    system.beforeReserving = (path) =>
      path.endsWith('/out') ? writeFile(output, 'mine') : Promise.resolve();
    await expect(sealToFile(bufferSource(PLAINTEXT), output, { keys })).rejects.toEqual(
      code('OUTPUT_EXISTS'),
    );
    system.beforeReserving = async () => {};
    expect(await readFile(output, 'utf8')).toBe('mine');
    expect(await everythingIn(directory)).toEqual(['out']);
  });

  it('nothing is left when the rename fails', async () => {
    system.links = 'EPERM';
    system.renames = 'EIO';
    const directory = await temp.directory();
    const error = await refusal(() => sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys }));
    system.renames = undefined;
    expect(error).toMatchObject({ code: 'IO_ERROR', cause: { code: 'EIO' } });
    expect(await everythingIn(directory)).toEqual([]);
  });

  it('another failure of the link is told, and nothing is left', async () => {
    system.links = 'EIO';
    const directory = await temp.directory();
    const error = await refusal(() => sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys }));
    expect(error).toMatchObject({ code: 'IO_ERROR', cause: { code: 'EIO' } });
    expect(await everythingIn(directory)).toEqual([]);
  });
});

describe('where a file is taken from front to back only, or is not renamed', () => {
  const refusing: Partial<typeof system>[] = [
    { frontToBack: true },
    ...['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL'].map((renames) => ({ renames })),
    { frontToBack: true, renames: 'ENOSYS' },
  ];
  const usual = { links: undefined, frontToBack: false, renames: undefined, removes: undefined };

  it.each(refusing)(
    '%j: an output is refused before a key is asked, with what to do, and nothing is left',
    async (lacks) => {
      Object.assign(system, usual);
      const sealed = temp.path();
      await sealToFile(bufferSource(PLAINTEXT), sealed, { keys });
      Object.assign(system, { links: 'EPERM', ...lacks });
      const directory = await temp.directory();
      const key = new MemoryKey('a');
      for (const overwrite of [false, true]) {
        for (const write of [
          () => sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys: [key], overwrite }),
          () => openToFile(sealed, `${directory}/out`, { keys: [key], overwrite }),
        ]) {
          const error = await refusal(write);
          expect(error).toMatchObject({
            code: 'IO_ERROR',
            cause: { code: lacks.frontToBack ? 'EINVAL' : lacks.renames },
          });
          expect(error.message).toMatch(/Write to a local disk and copy the file there, or .*-o - > file/);
        }
      }
      Object.assign(system, usual);
      expect(key.calls).toBe(0);
      expect(await everythingIn(directory)).toEqual([]);
    },
  );

  it('the refusal is told also where nothing can be removed, and what stays is empty', async () => {
    const directory = await temp.directory();
    Object.assign(system, usual, { frontToBack: true, removes: 'EPERM' });
    const error = await refusal(() => sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys }));
    Object.assign(system, usual, { removes: 'EPERM' });
    const late = await refusal(() => sealToFile(bufferSource(PLAINTEXT), `${directory}/out`, { keys: [] }));
    Object.assign(system, usual);
    expect([error.code, late.code]).toEqual(['IO_ERROR', 'RECIPIENT_REQUIRED']);
    for (const left of await everythingIn(directory))
      expect((await stat(`${directory}/${left}`)).size).toBe(0);
  });
});
