import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  diffBundles,
  encodeManifest,
  isWeightsealError,
  type Manifest,
  makeFileManifest,
  openReleased,
  parseManifest,
  readManifest,
  resealBundle,
  rewrap,
  rewrapBundle,
  sealBundle,
  sealToFile,
  verifyBundle,
  verifyManifest,
} from '@weightseal/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MemoryStore } from './store/support/memory-store.js';
import { copyOf, writeTree } from './support/bundles.js';
import { MemoryKey } from './support/memory-key.js';
import { pattern, refusal } from './support/sealed.js';
import { temporary } from './support/temporary.js';

const files = await temporary();
const keys = [new MemoryKey('manifest')];
const context = { model: 'llama', version: '3.1' };
const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(attempt)).code;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const MANIFEST = 'weightseal.manifest.json';

let source: string;
let sealed: string;
beforeAll(async () => {
  source = await writeTree(await files.directory(), [
    ['model-1.safetensors', pattern(9_000_000)],
    ['onnx/model.onnx', pattern(70)],
    ['config.json', '{}'],
    ['zero', ''],
  ]);
  sealed = files.path('llama.sealed');
  await sealBundle(source, sealed, { keys, context, public: ['config.json'] });
});

const manifestIn = async (directory: string) => parseManifest(await readFile(join(directory, MANIFEST)));
const copy = () => copyOf(sealed, files.path('copy'));

describe('a bundle has a manifest', () => {
  it('of all its files but the envelope, with their sizes and digests', async () => {
    const manifest = await manifestIn(sealed);
    expect(manifest).toMatchObject({
      kind: 'bundle',
      name: 'llama',
      version: '3.1',
      context,
      tool: expect.stringMatching(/^weightseal \d+\.\d+\.\d+$/) as string,
    });
    expect(manifest.previous).toBeUndefined();
    const names = ['config.json', 'model-1.safetensors.sealed', 'onnx/model.onnx.sealed', 'weightseal.table'];
    expect(manifest.files.map(({ path }) => path)).toEqual([...names, 'zero.sealed']);
    for (const { path, size, sha256: digest, public: open } of manifest.files) {
      const bytes = await readFile(join(sealed, path));
      expect([path, bytes.length, sha256(bytes)]).toEqual([path, size, digest]);
      expect([path, open]).toEqual([path, path === 'config.json' ? true : undefined]);
    }
  });

  it('that says what its people call it, and names nothing that is encrypted', async () => {
    const output = files.path('named');
    const previous = '0'.repeat(64);
    const release = { name: 'Llama Ω', version: '4 "beta"', previous };
    await sealBundle(source, output, { keys, name: 'a secret name', release });
    expect(await manifestIn(output)).toMatchObject({ ...release, context: {} });
    expect(await readFile(join(output, MANIFEST), 'utf8')).not.toContain('secret');
    for (const odd of [{ name: '' }, { version: 'a\nb' }, { previous: 'F'.repeat(64) }, 7])
      expect(await codeOf(() => sealBundle(source, files.path(), { keys, release: odd as never }))).toBe(
        'INVALID_ARGUMENT',
      );
  });

  it('with hidden names too, and of no members, and of a thousand, in a store as in a directory', async () => {
    const many = await writeTree(
      await files.directory(),
      Array.from({ length: 1000 }, (_, at) => [`d${at % 7}/Ω"${at}`, `${at}`] as const),
    );
    const none = await files.directory();
    for (const [from, hideNames] of [
      [many, true],
      [many, false],
      [none, false],
    ] as const) {
      const output = files.path('bundle');
      await sealBundle(from, output, { keys, hideNames });
      const store = new MemoryStore();
      await sealBundle(from, { store, key: 'm' }, { keys, hideNames });
      for (const place of [output, { store, key: 'm' }]) {
        const { manifest, files: count } = await verifyManifest(place);
        expect(count).toBe(from === many ? 1001 : 1);
        expect(Buffer.compare(await encodeManifest(manifest), await bytesOf(place))).toBe(0);
      }
    }
  });

  it('which a rewrap leaves as it is, and a reseal makes anew, after the old one', async () => {
    const bundle = await copy();
    const before = await readFile(join(bundle, MANIFEST));
    await rewrapBundle(bundle, { keys, add: [new MemoryKey('another')] });
    await verifyManifest(bundle);
    expect(Buffer.compare(await readFile(join(bundle, MANIFEST)), before)).toBe(0);
    await resealBundle(bundle, { keys: [...keys, new MemoryKey('another')] });
    expect(await manifestIn(bundle)).toMatchObject({ previous: sha256(before), name: 'llama' });
    await verifyManifest(bundle);
  });

  it('which names the one that it reuses', async () => {
    const next = files.path('next');
    await sealBundle(source, next, { keys, context, reuse: sealed });
    expect((await manifestIn(next)).previous).toBe(sha256(await readFile(join(sealed, MANIFEST))));
  });
});

async function bytesOf(place: string | { store: MemoryStore; key: string }): Promise<Uint8Array> {
  if (typeof place === 'string') return await readFile(join(place, MANIFEST));
  return place.store.get(`${place.key}/${MANIFEST}`)!;
}

describe('without a key it is seen', () => {
  it('that all is as it was released', async () => {
    const seen: number[] = [];
    const told = await verifyManifest(sealed, { onProgress: ({ bytes }) => void seen.push(bytes) });
    const size = told.manifest.files.reduce((sum, file) => sum + file.size, 0);
    expect(told).toMatchObject({ files: 5, size, digest: sha256(await readFile(join(sealed, MANIFEST))) });
    expect(seen.at(-1)).toBe(size);
  });

  it.each<[string, (bundle: string) => Promise<unknown>, string, string]>([
    [
      'a file is changed',
      (at) => flip(at, 'model-1.safetensors.sealed', 5_000_000),
      'MEMBER_TAMPERED',
      'digest',
    ],
    [
      'a public file is changed',
      (at) => writeFile(join(at, 'config.json'), '[]'),
      'MEMBER_TAMPERED',
      'digest',
    ],
    ['a file is longer', (at) => writeFile(join(at, 'config.json'), '{}}'), 'MEMBER_TAMPERED', 'length'],
    ['a file is missing', (at) => unlink(join(at, 'zero.sealed')), 'MEMBER_MISSING', 'lacks'],
    ['a file is one too many', (at) => writeFile(join(at, 'onnx/x'), ''), 'MEMBER_EXTRA', 'does not name it'],
    [
      'a file has another name',
      (at) => rename(join(at, 'zero.sealed'), join(at, 'Zero.sealed')),
      'MEMBER_MISSING',
      'lacks',
    ],
    ['a file is a link', (at) => linked(at, 'config.json'), 'MEMBER_TAMPERED', 'another length'],
    ['the table is another', (at) => flip(at, 'weightseal.table', 200), 'MEMBER_TAMPERED', 'digest'],
    ['the table is missing', (at) => unlink(join(at, 'weightseal.table')), 'MEMBER_MISSING', 'lacks'],
    ['there is none', (at) => unlink(join(at, MANIFEST)), 'MANIFEST_MISSING', 'sign'],
    ['it is a directory', (at) => directoryAt(join(at, MANIFEST)), 'MANIFEST_INVALID', 'regular'],
    ['it is a link', (at) => linked(at, MANIFEST), 'MANIFEST_INVALID', 'link'],
  ])('that %s', async (_, change, code, said) => {
    const bundle = await copy();
    await change(bundle);
    const error = await refusal(() => verifyManifest(bundle));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(said)]);
  });

  it('that it is of another bundle, whatever else is sound', async () => {
    const other = files.path('other');
    await sealBundle(source, other, { keys, context, public: ['config.json'] });
    const bundle = await copy();
    await writeFile(join(bundle, MANIFEST), await readFile(join(other, MANIFEST)));
    expect(await codeOf(() => verifyManifest(bundle))).toBe('MANIFEST_MISMATCH');
  });

  it('at every byte of the manifest', async () => {
    const bundle = await copy();
    const bytes = await readFile(join(bundle, MANIFEST));
    const told = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      await writeFile(join(bundle, MANIFEST), changed);
      // Its own name, version, time and tool are its own: a signature is over them.
      const error = await verifyManifest(bundle).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) continue;
      expect(isWeightsealError(error) && ['trust', 'integrity']).toContain(
        (error as { class: string }).class,
      );
      told.add((error as { code: string }).code);
    }
    expect([...told].sort()).toEqual([
      'MANIFEST_INVALID',
      'MANIFEST_MISMATCH',
      'MEMBER_MISSING',
      'MEMBER_TAMPERED',
    ]);
  });

  it('but for what is allowed', async () => {
    const bundle = await copy();
    await mkdir(join(bundle, 'notes'));
    await writeFile(join(bundle, 'notes/a.txt'), 'a');
    expect(await codeOf(() => verifyManifest(bundle))).toBe('MEMBER_EXTRA');
    await verifyManifest(bundle, { allowExtra: ['notes/**'] });
    await verifyManifest(bundle, { allowExtra: true });
  });

  it('until it is stopped', async () => {
    const stop = new AbortController();
    const attempt = () => verifyManifest(sealed, { signal: stop.signal });
    const under = codeOf(attempt);
    stop.abort();
    expect(await under).toBe('ABORTED');
    expect(await codeOf(attempt)).toBe('ABORTED');
  });
});

async function flip(bundle: string, name: string, at: number): Promise<void> {
  const bytes = await readFile(join(bundle, name));
  bytes[at]! ^= 1;
  await writeFile(join(bundle, name), bytes);
}

async function linked(bundle: string, name: string): Promise<void> {
  await rename(join(bundle, name), join(bundle, '..', 'elsewhere'));
  await symlink('../elsewhere', join(bundle, name));
}

async function directoryAt(path: string): Promise<void> {
  await rm(path);
  await mkdir(path);
}

describe('a file has a manifest beside it', () => {
  it('which holds for its payload, whoever may open it', async () => {
    const path = files.path('m.sealed');
    await writeFile(files.path('m'), '');
    const plain = files.path('plain');
    await writeFile(plain, pattern(3_000_000));
    await sealToFile(plain, path, { keys, context, manifest: false });
    expect(await codeOf(() => verifyManifest(path))).toBe('MANIFEST_MISSING');
    await using release = await openReleased(path);
    const made = await makeFileManifest(release, { release: { version: '4' } });
    expect(made.manifest).toMatchObject({ kind: 'file', name: 'llama', version: '4', files: [{}] });
    const { header, ...without } = made.manifest;
    const payload = (await readFile(path)).subarray(-made.manifest.files[0]!.size);
    expect(Buffer.compare(header!, payload.subarray(0, 74))).toBe(0);
    const bundle = { ...made.manifest, kind: 'bundle' as const };
    for (const wrong of [without, { ...without, header: header!.slice(1) }, bundle]) {
      const bytes = await encodeManifest(wrong);
      expect(await codeOf(() => parseManifest(bytes))).toBe('MANIFEST_INVALID');
    }
    await rewrap(path, { keys, add: [new MemoryKey('another')] });
    expect((await verifyManifest(path)).digest).toBe(made.digest);
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await codeOf(() => verifyManifest(path))).toBe('MANIFEST_MISMATCH');
    expect((await readdir(join(path, '..'))).some((name) => name.endsWith(`m.sealed.${MANIFEST}`))).toBe(
      true,
    );
  });

  it('in a store too', async () => {
    const store = new MemoryStore();
    const place = { store, key: 'm.sealed' };
    const plain = files.path('plain');
    await writeFile(plain, pattern(100_000));
    await sealToFile(plain, place, { keys, manifest: false });
    await using release = await openReleased(place);
    await makeFileManifest(release);
    expect([...store.objects.keys()].sort()).toEqual(['m.sealed', `m.sealed.${MANIFEST}`]);
    await verifyManifest(place);
  });
});

describe('two releases', () => {
  it('differ by what was added, removed, changed, kept, and encrypted anew', async () => {
    const next = await copyOf(source, files.path('next'));
    await writeFile(join(next, 'new.txt'), 'new');
    await writeFile(join(next, 'zero'), 'no more');
    await unlink(join(next, 'config.json'));
    const output = files.path('next.sealed');
    await sealBundle(next, output, { keys, context, reuse: sealed });
    const common = {
      follows: true,
      oldDigest: expect.any(String),
      newDigest: expect.any(String),
    };
    expect(await diffBundles(sealed, output)).toEqual({
      ...common,
      added: ['new.txt.sealed'],
      removed: ['config.json'],
      changed: ['weightseal.table', 'zero.sealed'],
      reused: ['model-1.safetensors.sealed', 'onnx/model.onnx.sealed'],
      rekeyed: [],
    });
    expect(await diffBundles(sealed, output, { keys })).toEqual({
      ...common,
      added: ['new.txt'],
      removed: ['config.json'],
      changed: ['zero'],
      reused: ['model-1.safetensors', 'onnx', 'onnx/model.onnx'],
      rekeyed: [],
    });
    const anew = await copyOf(output, files.path('anew'));
    await resealBundle(anew, { keys });
    expect(await diffBundles(output, anew, { keys })).toMatchObject({
      follows: true,
      changed: [],
      rekeyed: ['model-1.safetensors', 'new.txt', 'onnx/model.onnx', 'zero'],
    });
    expect(await diffBundles(output, sealed)).toMatchObject({ follows: false, added: ['config.json'] });
  });
});

describe('what judges a release', () => {
  const counting = () => {
    const key = new MemoryKey('manifest');
    const asked: string[] = [];
    const unwrap = key.unwrap.bind(key);
    key.unwrap = (...given) => {
      asked.push('unwrap');
      return unwrap(...given);
    };
    return { key, asked };
  };

  it('is asked before any key, with what can be known without one', async () => {
    const { key, asked } = counting();
    const trust = {
      judge: async (release: Parameters<typeof readManifest>[0]) => {
        expect(asked).toEqual([]);
        const { manifest, digest } = await readManifest(release);
        expect(manifest.name).toBe('llama');
        expect(digest).toBe(sha256(await readFile(join(sealed, MANIFEST))));
        expect(await release.read('weightseal.sig', 1000, undefined)).toBeUndefined();
        expect([release.kind, release.name]).toEqual(['bundle', sealed]);
      },
    };
    await verifyBundle(sealed, { keys: [key], trust });
    expect(asked).toEqual(['unwrap']);
  });

  it('ends it with what it throws, and no key is asked', async () => {
    const bundle = await copy();
    const path = files.path('m.sealed');
    const plain = files.path('plain');
    await writeFile(plain, 'weights');
    await sealToFile(plain, path, { keys });
    const { key, asked } = counting();
    const trust = { judge: async () => await refuse() };
    const options = { keys: [key], trust };
    const add = [new MemoryKey('another')];
    for (const attempt of [
      () => verifyBundle(bundle, options),
      () => rewrapBundle(bundle, { ...options, add }),
      () => resealBundle(bundle, options),
      () => diffBundles(bundle, bundle, options),
      () => rewrap(path, { ...options, add }),
    ])
      expect(await codeOf(attempt)).toBe('SIGNER_UNTRUSTED');
    expect(asked).toEqual([]);
    expect(await codeOf(() => verifyBundle(bundle, { keys: [key], trust: {} as never }))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(asked).toEqual([]);
  });
});

async function refuse(): Promise<never> {
  const { WeightsealError } = await import('@weightseal/core');
  throw new WeightsealError('SIGNER_UNTRUSTED', 'Nobody.');
}

describe('a manifest is one only if', () => {
  const sound: Manifest = {
    kind: 'bundle',
    id: new Uint8Array(16),
    context: { a: 'b' },
    files: [
      { path: 'a', size: 1, sha256: 'a'.repeat(64), public: true },
      { path: 'weightseal.table', size: 106, sha256: 'b'.repeat(64) },
    ],
    created: '2026-01-02T03:04:05Z',
    tool: 'a tool',
  };

  it.each<[string, (text: string) => string]>([
    ['it is canonical JSON', (text) => `${text}\n`],
    ['no name stands twice', (text) => text.replace('{"context"', '{"context":{},"context"')],
    ['its files are in order', (text) => text.replace('"path":"a"', '"path":"z"')],
    ['no path leads elsewhere', (text) => text.replace('"path":"a"', '"path":"../a"')],
    ['no path is absolute', (text) => text.replace('"path":"a"', '"path":"/a"')],
    ['no path has a backslash', (text) => text.replace('"path":"a"', '"path":"a\\\\\\\\b"')],
    ['no path is the envelope’s', (text) => text.replace('"path":"a"', '"path":"weightseal.json"')],
    ['no path is its own', (text) => text.replace('"path":"a"', `"path":"${MANIFEST}"`)],
    [
      'no path is a directory of another',
      (text) => text.replace('"path":"a"', '"path":"weightseal.table/x"'),
    ],
    ['a digest is one', (text) => text.replace('aaaa', 'aaaA')],
    ['a size is one', (text) => text.replace('"size":1}', '"size":-1}')],
    ['it names the table', (text) => text.replace('weightseal.table', 'weightseal.tablf')],
    ['it has no other members', (text) => text.replace('"kind"', '"kine":"x","kind"')],
    ['it has all members', (text) => text.replace('"tool":"a tool"', '"toom":"a tool"')],
    ['its time is one', (text) => text.replace('01-02T', '02-30T')],
    ['its id is one', (text) => text.replace('AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAB')],
    ['it is of this format', (text) => text.replace('manifest/1', 'manifest/2')],
  ])('%s', async (_, change) => {
    const text = Buffer.from(await encodeManifest(sound)).toString();
    await parseManifest(Buffer.from(text));
    const changed = change(text);
    expect(changed).not.toBe(text);
    expect(await codeOf(() => parseManifest(Buffer.from(changed)))).toBe('MANIFEST_INVALID');
  });

  it('other systems can keep its files apart', async () => {
    const two = (a: string, b: string) =>
      [a, b, 'weightseal.table'].sort().map((path) => ({ path, size: 1, sha256: 'a'.repeat(64) }));
    for (const [a, b] of [
      ['Model', 'model'],
      ['é', 'e\u0301'],
      ['ß', 'SS'],
    ] as const) {
      const bytes = await encodeManifest({ ...sound, files: two(a, b) });
      expect(await codeOf(() => parseManifest(bytes))).toBe('MANIFEST_INVALID');
    }
  });

  it('and whatever is written is read again as it was', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((one) => !/[\p{Cc}]/u.test(one));
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.option(fc.constant('c'.repeat(64)), { nil: undefined }),
        async (name, version, previous) => {
          const manifest = { ...sound, name, version, ...(previous && { previous }) };
          expect(await parseManifest(await encodeManifest(manifest))).toEqual(manifest);
        },
      ),
    );
  });
});
