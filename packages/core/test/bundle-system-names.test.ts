import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBundle, sealBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { systemPathProblem } from '../src/bundle/system-names.js';
import { writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { code, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('names')];

describe('a name that Windows takes for another, or cannot have', () => {
  const refused = [
    ...Array.from('<>:"|?*', (char) => `a${char}b`),
    'a.',
    'a ',
    'dir./a',
    'dir /a',
    'CON',
    'nul',
    'Aux',
    'prn.txt',
    'sub/NUL.safetensors',
    'com1',
    'COM9.bin',
    'lpt\u00b9',
    'com\u00b3.a',
    'conin$',
    'CONOUT$',
    'con .txt',
    'C:',
    'model:stream',
  ];

  it.each(refused)('%j is refused there, and nowhere else', (path) => {
    expect(systemPathProblem(path, 'win32')).toEqual(expect.any(String));
    expect(systemPathProblem(path, 'linux')).toBeUndefined();
    expect(systemPathProblem(path, 'darwin')).toBeUndefined();
  });

  it.each(['a', '.a', 'a.b', 'console', 'com', 'com10', 'null', 'auxiliary/x', 'a..b', ' a', 'nul-1'])(
    '%j is none of them',
    (path) => {
      expect(systemPathProblem(path, 'win32')).toBeUndefined();
    },
  );
});

it('no member of such a name is written on Windows, nor any other before it', async () => {
  const source = await writeTree(await files.directory(), [
    ['a', '1'],
    ['sub/nul.bin', '2'],
  ]);
  const sealed = files.path('sealed');
  await sealBundle(source, sealed, { keys });
  await using bundle = await openBundle(sealed, { keys });
  const [parent, place] = [await files.directory(), await files.directory()];
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
  try {
    for (const open of [
      () => bundle.openTo(join(parent, 'opened')),
      () => bundle.openTo(join(parent, 'opened'), { only: ['sub'] }),
      () => bundle.writeTo(place),
    ]) {
      const { code: refused, message } = await refusal(open);
      expect(refused).toBe('PATH_INVALID');
      expect(message).toMatch(/"sub\/nul\.bin".+device.+--only/);
    }
    expect([await readdir(parent), await readdir(place)]).toEqual([[], []]);
    await bundle.openTo(join(parent, 'opened'), { only: ['a'] });
  } finally {
    Object.defineProperty(process, 'platform', platform);
  }
  expect(await readFile(join(parent, 'opened/a'), 'utf8')).toBe('1');
  expect(await bundle.read('sub/nul.bin', 0, 1)).toEqual(Uint8Array.from(Buffer.from('2')));
  await bundle.openTo(join(parent, 'elsewhere'));
  await expect(bundle.openTo(join(parent, 'elsewhere'))).rejects.toEqual(code('OUTPUT_EXISTS'));
});
