import { chmod, copyFile, mkdir, readFile, rename, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { bufferSource, type KeyWrapper, openToFile, reseal, rewrap, sealToFile } from '@weightseal/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { keyWith, MemoryKey } from './support/memory-key.js';
import { code, pattern, refusal, streamOf } from './support/sealed.js';
import { everythingIn, temporary, withManifest } from './support/temporary.js';

// Where an output is: a path means what the kernel means by it, and what can be no file is refused before anything is done.
const temp = await temporary();
const PLAINTEXT = pattern(5000);
const sealed = temp.path('sealed');
await sealToFile(bufferSource(PLAINTEXT), sealed, { keys: [new MemoryKey('a')] });

let asked: string[];
let meanwhile: () => Promise<void>;
/** A key during whose calls something happens. */
const key: KeyWrapper = keyWith('a', {
  wrap: async (...call) => {
    asked.push('wrap');
    await meanwhile();
    return new MemoryKey('a').wrap(...call);
  },
  unwrap: async (...call) => {
    asked.push('unwrap');
    await meanwhile();
    return new MemoryKey('a').unwrap(...call);
  },
});
/** One whose wrap takes much of an envelope's room. */
function wideKey(name: string): KeyWrapper {
  const [plain, pad] = [new MemoryKey(name), Buffer.alloc(6000)];
  return keyWith(name, {
    wrap: async (...call) => {
      const wrapped = await plain.wrap(...call);
      return { ...wrapped, ciphertext: Buffer.concat([wrapped.ciphertext, pad]) };
    },
    unwrap: ({ ciphertext, ...rest }, ...call) =>
      plain.unwrap({ ...rest, ciphertext: ciphertext.subarray(0, -pad.length) }, ...call),
  });
}
beforeEach(() => {
  asked = [];
  meanwhile = async () => {};
});

const operations = {
  seal: (output: string, overwrite = false) =>
    sealToFile(bufferSource(PLAINTEXT), output, { keys: [key], overwrite }),
  open: (output: string, overwrite = false) => openToFile(sealed, output, { keys: [key], overwrite }),
};

for (const [name, write] of Object.entries(operations)) {
  describe(`the output of ${name}`, () => {
    const whatAppears = (file: string) => (name === 'seal' ? withManifest(file) : [file]);

    it('is above the directory that a link leads to, when the path goes up out of the link', async () => {
      const directory = await temp.directory();
      await mkdir(`${directory}/app`);
      await mkdir(`${directory}/store/v3`, { recursive: true });
      await symlink('../store/v3', `${directory}/app/current`);
      await writeFile(`${directory}/app/there`, 'not ours');
      await writeFile(`${directory}/store/there`, 'to be replaced');
      await write(`${directory}/app/current/../out`);
      await write(`${directory}/app/current/.././/there`, true);
      expect(await everythingIn(`${directory}/store`)).toEqual([
        ...whatAppears('out'),
        ...whatAppears('there'),
        'v3',
      ]);
      expect(await everythingIn(`${directory}/app`)).toEqual(['current', 'there']);
      expect(await readFile(`${directory}/app/there`, 'utf8')).toBe('not ours');
      expect((await stat(`${directory}/store/there`)).size).toBeGreaterThanOrEqual(PLAINTEXT.length);
    });

    for (const overwrite of [false, true]) {
      it(`stays in its directory when another one takes that path, ${overwrite ? 'over a file' : 'as a new file'}`, async () => {
        const directory = await temp.directory();
        for (const at of ['mine', 'theirs']) {
          await mkdir(`${directory}/${at}`);
          if (overwrite) await writeFile(`${directory}/${at}/out`, 'old');
        }
        meanwhile = async () => {
          meanwhile = async () => {};
          await rename(`${directory}/mine`, `${directory}/moved`);
          await symlink('theirs', `${directory}/mine`);
        };
        await write(`${directory}/mine/out`, overwrite);
        expect(asked).not.toEqual([]);
        expect(await everythingIn(`${directory}/moved`)).toEqual(whatAppears('out'));
        expect((await stat(`${directory}/moved/out`)).size).toBeGreaterThanOrEqual(PLAINTEXT.length);
        expect(await everythingIn(`${directory}/theirs`)).toEqual(overwrite ? ['out'] : []);
        if (overwrite) expect(await readFile(`${directory}/theirs/out`, 'utf8')).toBe('old');
      });
    }

    const directorySentence = /is a directory; give the name of a file in it/;
    const streamSentence = /-o -.*openToStream or sealToStream/;
    const refused: readonly (readonly [string, string, RegExp])[] = [
      ['an empty path', '', /no name/],
      ['a path that ends in a slash', 'new/', directorySentence],
      ['one that ends in several', 'new//', directorySentence],
      ['a directory', 'directory', directorySentence],
      ['a directory with a slash', 'directory/', directorySentence],
      ['a link to a directory', 'toDirectory', directorySentence],
      ['a file with a slash', 'file/', directorySentence],
      ['the directory above', 'directory/..', directorySentence],
      ['the directory itself', 'directory/.', directorySentence],
      ['a name that is too long', 'x'.repeat(256), /longer name/],
      ['a name that is too long in bytes', 'ü'.repeat(128), /longer name/],
      ['a path that is too long', `${'x/'.repeat(3000)}x`, /longer name/],
      ['what no name can hold', 'a\0b', /what no file can be called/],
      ['half a character', 'a\ud800', /what no file can be called/],
      ['standard output', '/dev/stdout', streamSentence],
      ['standard output, otherwise', '//dev/./stdout', streamSentence],
      ['a descriptor', '/dev/fd/1', streamSentence],
      ['a descriptor, otherwise', '/proc/self/fd/1', streamSentence],
      ['a descriptor by a number', `/proc/${process.pid}/fd/2`, streamSentence],
      ['a device', '/dev/null', streamSentence],
      ['a link to a device', 'toDevice', streamSentence],
      ['a socket', 'socket', streamSentence],
    ];
    it.each(refused)('cannot be %s', async (_what, path, sentence) => {
      const directory = await temp.directory();
      await mkdir(`${directory}/directory`);
      await writeFile(`${directory}/file`, 'mine');
      await symlink('directory', `${directory}/toDirectory`);
      await symlink('/dev/null', `${directory}/toDevice`);
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(`${directory}/socket`, resolve));
      const before = await everythingIn(directory);
      for (const overwrite of [false, true]) {
        const output = path === '' || path.startsWith('/') ? path : `${directory}/${path}`;
        const error = await refusal(() => write(output, overwrite));
        expect(error.code).toBe('INVALID_ARGUMENT');
        expect(error.message).toMatch(sentence);
      }
      expect(asked, 'no key was asked').toEqual([]);
      expect(await everythingIn(directory)).toEqual(before);
      expect(await everythingIn(`${directory}/directory`)).toEqual([]);
      await new Promise((resolve) => server.close(resolve));
    });

    it('is looked at before a key is asked, whatever is wrong with it', async () => {
      const directory = await temp.directory();
      await writeFile(`${directory}/file`, 'mine');
      await symlink('file', `${directory}/link`);
      const wrong = {
        [`${directory}/file`]: 'OUTPUT_EXISTS',
        [`${directory}/link`]: 'OUTPUT_EXISTS',
        [`${directory}/nowhere/out`]: 'IO_ERROR',
        [`${directory}/file/out`]: 'IO_ERROR',
      } as const;
      for (const [output, expected] of Object.entries(wrong))
        await expect(write(output)).rejects.toEqual(code(expected));
      expect(asked).toEqual([]);
    });

    it('may be in a directory that can be written and not read', async () => {
      const directory = await temp.directory();
      await chmod(directory, 0o300);
      try {
        await write(`${directory}/out`);
        await write(`${directory}/out`, true);
      } finally {
        await chmod(directory, 0o700);
      }
      expect(await everythingIn(directory)).toEqual(whatAppears('out'));
    });
  });
}

describe('a file that is written anew', () => {
  const change = {
    reseal: (path: string) => reseal(path, { keys: [key] }),
    'rewrap with a larger area': (path: string) =>
      rewrap(path, { keys: [key], add: ['b', 'c', 'd'].map(wideKey), grow: true }),
  };
  it.each(Object.entries(change))(
    '%s leaves both when another directory takes its path',
    async (_name, write) => {
      const directory = await temp.directory();
      for (const at of ['mine', 'theirs']) {
        await mkdir(`${directory}/${at}`);
        await copyFile(sealed, `${directory}/${at}/file`);
      }
      const before = await readFile(sealed);
      meanwhile = async () => {
        meanwhile = async () => {};
        await rename(`${directory}/mine`, `${directory}/moved`);
        await symlink('theirs', `${directory}/mine`);
      };
      await expect(write(`${directory}/mine/file`)).rejects.toEqual(code('INPUT_CHANGED'));
      for (const at of ['moved', 'theirs']) {
        expect(await everythingIn(`${directory}/${at}`)).toEqual(['file']);
        expect(before.equals(await readFile(`${directory}/${at}/file`))).toBe(true);
      }
    },
  );
});

it.each(Object.entries(operations))(
  '%s tells when its directory has gone meanwhile, and leaves nothing',
  async (_name, write) => {
    const directory = await temp.directory();
    meanwhile = async () => {
      meanwhile = async () => {};
      await rmdir(`${directory}/gone`);
    };
    for (const overwrite of [false, true]) {
      await mkdir(`${directory}/gone`);
      const error = await refusal(() => write(`${directory}/gone/out`, overwrite));
      expect(error).toMatchObject({
        code: 'IO_ERROR',
        message: expect.stringContaining('directory does not exist') as string,
      });
      meanwhile = async () => {
        await rmdir(`${directory}/gone`);
        meanwhile = async () => {};
      };
    }
    expect(await everythingIn(directory)).toEqual([]);
  },
);

it('an input stream is told that nobody reads it when its output is refused', async () => {
  let told = false;
  async function* input() {
    try {
      yield* streamOf(await readFile(sealed), 100);
    } finally {
      told = true;
    }
  }
  const stream = input();
  await stream.next();
  await expect(openToFile(stream, `${temp.path()}/`, { keys: [key] })).rejects.toEqual(
    code('INVALID_ARGUMENT'),
  );
  expect(told).toBe(true);
});
