import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openBundle, sealBundle, verifyBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { treeOf, writeBundle, writeTree } from './support/bundles.js';
import { type ForgedMember, forgeBundle } from './support/forge-bundle.js';
import { MemoryKey } from './support/memory-key.js';
import { code, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('one', 'vector')];
const random = (label: string, length: number) => Uint8Array.from(Buffer.alloc(length, `${label} `));

/** A bundle as somebody writes it who has the data key, and what opening it says. */
async function told(...members: ForgedMember[]): Promise<string> {
  const sorted = members.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const bundle = forgeBundle({ random, recipients: ['vector:one'], members: sorted });
  // Without its payloads, whose names a file system may not have.
  const own = new Map([...bundle.files].filter(([name]) => name.startsWith('weightseal.')));
  const at = await writeBundle(await files.directory(), { ...bundle, files: own });
  return (await refusal(() => verifyBundle(at, { keys }))).code;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
/** FORMAT.md §22.1. */
const REFUSED = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  0x5c,
  0x061c,
  0x200e,
  0x200f,
  ...range(0x2028, 0x202e),
  ...range(0x2066, 0x2069),
];

describe('a table that names', () => {
  it('a character that no path may have is refused, for each of them and wherever it stands', async () => {
    for (const point of REFUSED) {
      const name = `a${String.fromCodePoint(point)}b`;
      const where: ForgedMember[] = [
        { kind: 'sealed', path: name },
        { kind: 'public', path: name },
        { kind: 'directory', path: name },
        { kind: 'sealed', path: 'a', file: name },
        { kind: 'link', path: 'l', target: name },
      ];
      for (const member of where)
        expect([point.toString(16), member, await told(member)]).toEqual([
          point.toString(16),
          member,
          'PATH_INVALID',
        ]);
    }
  });

  it.each(['..', '.', '../a', 'd/../a', 'd/..', 'd/./a', '/a', 'a/', 'd//a', '', '../../../etc/passwd'])(
    '%j is refused, as a path, as a file, and as what a link leads to',
    async (name) => {
      expect(await told({ kind: 'sealed', path: name, file: 'x' })).toBe('PATH_INVALID');
      expect(await told({ kind: 'public', path: name })).toBe('PATH_INVALID');
      expect(await told({ kind: 'directory', path: name })).toBe('PATH_INVALID');
      expect(await told({ kind: 'sealed', path: 'a', file: name })).toBe('PATH_INVALID');
      expect(await told({ kind: 'link', path: 'l', target: name })).toBe('PATH_INVALID');
    },
  );

  it('255 bytes in a name, 2048 in all and 64 names is let through, and one more is not', async () => {
    const long = 'é'.repeat(127);
    const names = (count: number) => Array.from({ length: count }, () => 'd').join('/');
    const above = (path: string): ForgedMember[] => {
      const all: ForgedMember[] = [];
      for (let at = dirname(path); at !== '.'; at = dirname(at)) all.push({ kind: 'directory', path: at });
      return all;
    };
    const path = (bytes: number) => `${`${'d'.repeat(127)}/`.repeat(15)}${'e'.repeat(bytes - 15 * 128)}`;
    const sealed = (at: string): ForgedMember[] => [...above(at), { kind: 'sealed', path: at, file: 'x' }];
    // What is let through is then missed, since there are no payloads.
    expect(await told(...sealed(`${long}a`))).toBe('MEMBER_MISSING');
    expect(await told(...sealed(`${long}ab`))).toBe('PATH_INVALID');
    expect(await told(...sealed(names(64)))).toBe('MEMBER_MISSING');
    expect(await told(...sealed(names(65)))).toBe('PATH_INVALID');
    expect(await told(...sealed(path(2048)))).toBe('MEMBER_MISSING');
    expect(await told(...sealed(path(2049)))).toBe('PATH_INVALID');
  });

  it('one that differs in case, or in how its letters are composed, is written beside the other or not at all', async () => {
    const members: ForgedMember[] = [
      { kind: 'sealed', path: 'Model', plaintext: Buffer.from('upper'), file: '1' },
      { kind: 'sealed', path: 'e\u0301', plaintext: Buffer.from('two'), file: '2' },
      { kind: 'sealed', path: 'model', plaintext: Buffer.from('lower'), file: '3' },
      { kind: 'sealed', path: 'é', plaintext: Buffer.from('one'), file: '4' },
    ];
    const bundle = forgeBundle({ random, recipients: ['vector:one'], members });
    const at = await writeBundle(await files.directory(), bundle);
    await using reader = await openBundle(at, { keys });
    const output = files.path('opened');
    const error: unknown = await reader.openTo(output).then(
      () => undefined,
      (refused: unknown) => refused,
    );
    // On a file system that takes the two for one.
    if (error !== undefined) expect(error).toEqual(code('OUTPUT_EXISTS'));
    else expect(Object.values(await treeOf(output)).sort()).toEqual(['b25l', 'bG93ZXI=', 'dHdv', 'dXBwZXI=']);
  });
});

it('a directory with a name that no bundle can have is refused, for each such character', async () => {
  // No file system has a name with NUL in it.
  for (const point of REFUSED.filter((one) => one !== 0)) {
    const source = await writeTree(await files.directory(), [[`a${String.fromCodePoint(point)}b`, '1']]);
    const { code: refused, message } = await refusal(() =>
      sealBundle(source, files.path('sealed'), { keys }),
    );
    expect([point.toString(16), refused]).toEqual([point.toString(16), 'PATH_INVALID']);
    // What is told of it must not do what the name would.
    expect(message).not.toContain(String.fromCodePoint(point === 0x5c ? 0x0a : point));
  }
});

describe('in the place of a payload', () => {
  async function bundle(): Promise<string> {
    const source = await writeTree(await files.directory(), [['a', '1']]);
    const sealed = files.path('sealed');
    await sealBundle(source, sealed, { keys });
    await rm(join(sealed, 'a.sealed'));
    return sealed;
  }

  it('a socket is refused', async () => {
    // In a directory of its own: the path of one may have 107 bytes.
    const at = await bundle();
    const server = createServer().listen(join(at, 'a.sealed'));
    try {
      await new Promise((resolve, reject) => server.on('listening', resolve).on('error', reject));
      await expect(verifyBundle(at, { keys })).rejects.toEqual(code('MEMBER_TAMPERED'));
      await using reader = await openBundle(at, { keys });
      await expect(reader.read('a', 0, 1)).rejects.toEqual(code('MEMBER_TAMPERED'));
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('a device is refused (as root)', async (test) => {
    const at = await bundle();
    const made = await promisify(execFile)('mknod', [join(at, 'a.sealed'), 'c', '1', '5']).then(
      () => true,
      () => false,
    );
    if (!made) return test.skip('this user can make no devices here');
    await expect(verifyBundle(at, { keys })).rejects.toEqual(code('MEMBER_TAMPERED'));
    await using reader = await openBundle(at, { keys });
    await expect(reader.read('a', 0, 1)).rejects.toEqual(code('MEMBER_TAMPERED'));
  });

  it('a directory is refused when it comes later, too', async () => {
    const at = await bundle();
    await writeFile(join(at, 'a.sealed'), '');
    await using reader = await openBundle(at, { keys });
    await rm(join(at, 'a.sealed'));
    await mkdir(join(at, 'a.sealed'));
    await expect(reader.verify()).rejects.toEqual(code('MEMBER_TAMPERED'));
    await expect(reader.read('a', 0, 1)).rejects.toEqual(code('MEMBER_TAMPERED'));
  });
});
