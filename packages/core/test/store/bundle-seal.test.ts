import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectBundle, openBundle, sealBundle, sweepBundle, verifyBundle } from '@weightseal/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyOf, treeOf } from '../support/bundles.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';
import { codeOf, model, namesIn, placeIn } from './support/bundles.js';
import { refusedWith } from './support/faults.js';
import { MemoryStore } from './support/memory-store.js';

const files = await temporary();
const keys = [new MemoryKey('bundles in stores')];
const source = await model(files);
const denied = { throws: refusedWith('STORE_DENIED') };

/** Parts of 1 MiB, so that large members have some. */
function place(store = new MemoryStore()) {
  const { tuning, ...rest } = placeIn(store);
  return { ...rest, tuning: { ...tuning, partBytes: 1_048_576 } };
}

describe('a bundle that is sealed to a store', () => {
  it('opens to what was sealed, and has only what is its own', async () => {
    const to = place();
    const sealed = await sealBundle(source, to, { keys, public: ['config.json', 'vocab.bin'] });
    expect(namesIn(to)).toEqual([
      'config.json',
      'model.safetensors.sealed',
      'nothing.sealed',
      'onnx/deep/weights.bin.sealed',
      'run.sh.sealed',
      'vocab.bin',
      'weightseal.json',
      'weightseal.manifest.json',
      'weightseal.table',
    ]);
    expect(sealed).toMatchObject({ members: 10, public: ['config.json', 'vocab.bin'], resumed: 0 });
    expect((await inspectBundle(to)).sealedSize).toBe(sealed.sealedSize);
    const opened = files.path('opened');
    await using bundle = await openBundle(to, { keys });
    await bundle.openTo(opened, { digest: true });
    expect(await treeOf(opened)).toEqual(await treeOf(await treeAsOpened()));
    expect(to.store.uploads.size).toBe(0);
    expect(to.store.underWay).toBe(0);
  });

  /** What is opened is its owner's alone. */
  async function treeAsOpened(): Promise<string> {
    return await copyOf(source, files.path('as opened'));
  }

  it('is the same bundle once it is copied to a directory', async () => {
    const to = place();
    await sealBundle(source, to, { keys });
    const directory = files.path('copied');
    for (const name of namesIn(to)) {
      const path = join(directory, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, to.store.get(`${to.key}/${name}`)!);
    }
    expect(await verifyBundle(directory, { keys })).toMatchObject({ digestVerified: true });
    // What writers leave of each payload is what a seal on top of it compares: FORMAT.md §20.2.
    const again = files.path('again');
    expect(await sealBundle(source, again, { keys, reuse: directory })).toMatchObject({ reused: 6 });
  });

  it('writes the envelope last but for its mark, and on the condition that there is none', async () => {
    const to = place();
    await sealBundle(source, to, { keys });
    const names = to.store.requests
      .filter(({ method }) => ['put', 'complete', 'remove'].includes(method))
      .map(({ method, key }) => `${method} ${key.slice(to.key.length + 1)}`);
    expect(names[0]).toBe('put weightseal.sealing');
    expect(names.slice(-3)).toEqual([
      'put weightseal.manifest.json',
      'put weightseal.json',
      'remove weightseal.sealing',
    ]);
  });

  it('holds whatever tree there is', async () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const tree = fc.dictionary(path, fc.nat(3000), { maxKeys: 20 });
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), async (sizes, hideNames) => {
        const directory = await files.directory();
        for (const [at, size] of Object.entries(sizes)) {
          const isDirectory = Object.keys(sizes).some((other) => other.startsWith(`${at}/`));
          const isInFile = Object.keys(sizes).some((other) => at.startsWith(`${other}/`));
          await mkdir(join(directory, isDirectory || isInFile ? at : join(at, '..')), { recursive: true });
          if (!isDirectory && !isInFile) await writeFile(join(directory, at), pattern(size));
        }
        const to = place();
        await sealBundle(directory, to, { keys, hideNames, segmentLength: 128 });
        const opened = files.path('opened');
        await using bundle = await openBundle(to, { keys });
        await bundle.openTo(opened);
        expect(await treeOf(opened)).toEqual(await treeOf(directory));
      }),
      { numRuns: 20 },
    );
  });

  it('is refused where something lies already, before a key is asked, and touches nothing of it', async () => {
    const to = place();
    to.store.set('models/m/else', pattern(3));
    const key = new MemoryKey('never asked');
    expect(await codeOf(sealBundle(source, to, { keys: [key] }))).toBe('OUTPUT_EXISTS');
    expect(key.calls).toBe(0);
    expect(to.store.requests.map(({ method }) => method)).toEqual(['list']);
    expect(await codeOf(sealBundle(source, { ...to, key: 'm2' }, { keys, overwrite: true }))).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('excludes another one to the same place', async () => {
    const to = place();
    const both = await Promise.all([
      codeOf(sealBundle(source, to, { keys })),
      codeOf(sealBundle(source, to, { keys })),
    ]);
    expect(both.sort()).toEqual(['OUTPUT_EXISTS', undefined]);
    await verifyBundle(to, { keys });
  });

  it('does not take the place of a bundle that another one has made meanwhile', async () => {
    const to = place();
    let other: Promise<unknown> | undefined;
    to.store.fault = ({ method, key, count }) => {
      if (method !== 'put' || count > 0 || !key.endsWith('sealing')) return undefined;
      to.store.fault = () => undefined;
      other = sealBundle(source, to, { keys });
      return { after: other };
    };
    expect(await codeOf(sealBundle(source, to, { keys }))).toBe('OUTPUT_EXISTS');
    await other;
    expect(namesIn(to)).not.toContain('weightseal.sealing');
    await verifyBundle(to, { keys });
  });

  it('leaves nothing when it fails, wherever that is', async () => {
    for (const method of ['put', 'part', 'complete', 'read'] as const) {
      const to = place();
      let left = method === 'put' ? 4 : 1;
      to.store.fault = (request) => (request.method === method && left-- === 1 ? denied : undefined);
      expect(await codeOf(sealBundle(source, to, { keys }))).toBe('STORE_DENIED');
      expect([method, namesIn(to), to.store.uploads.size]).toEqual([method, [], 0]);
    }
  });

  it('leaves nothing when it is aborted', async () => {
    const to = place();
    const stop = new AbortController();
    to.store.fault = ({ method, count }) => {
      if (method === 'part' && count === 3) stop.abort();
      return undefined;
    };
    expect(await codeOf(sealBundle(source, to, { keys, signal: stop.signal }))).toBe('ABORTED');
    expect([namesIn(to), to.store.uploads.size]).toEqual([[], 0]);
  });

  it('leaves nothing of a file that was written to meanwhile', async () => {
    const directory = await copyOf(source, files.path('moving'));
    const to = place();
    to.store.fault = ({ method, count }) => {
      if (method !== 'part' || count !== 2) return undefined;
      return { after: writeFile(join(directory, 'model.safetensors'), pattern(5_000_000, 9)) };
    };
    expect(await codeOf(sealBundle(directory, to, { keys }))).toBe('INPUT_CHANGED');
    expect(namesIn(to)).toEqual([]);
  });

  it('is there when the answer to its last request was lost', async () => {
    const to = place();
    to.store.fault = ({ method, key }) =>
      method === 'put' && key.endsWith('weightseal.json')
        ? { lost: refusedWith('STORE_UNAVAILABLE') }
        : undefined;
    await sealBundle(source, to, { keys });
    await verifyBundle(to, { keys });
  });

  it('is left alone where nobody can tell whether its envelope is there', async () => {
    const to = place();
    let over = false;
    to.store.fault = ({ method, key }) => {
      if (over) return denied;
      if (method !== 'put' || !key.endsWith('weightseal.json')) return undefined;
      over = true;
      return { lost: refusedWith('STORE_UNAVAILABLE') };
    };
    expect(await codeOf(sealBundle(source, to, { keys }))).toBe('STORE_DENIED');
    to.store.fault = () => undefined;
    await verifyBundle(to, { keys });
    expect(await sweepBundle(to)).toEqual({ objects: 1, uploads: 0 });
    await verifyBundle(to, { keys });
  });
});

describe('a seal to a store that reuses another bundle', () => {
  const other = (to: ReturnType<typeof place>) => ({ ...to, key: 'models/v2' });
  const flip = (store: MemoryStore, key: string): void => {
    const bytes = store.get(key)!.slice();
    bytes[bytes.length - 1]! ^= 1;
    store.set(key, bytes);
  };

  it('in the same store has it copy what is large, and seals only what is new', async () => {
    const old = place();
    const to = other(old);
    await sealBundle(source, old, { keys, public: ['config.json'] });
    const directory = await copyOf(source, files.path('newer'));
    await writeFile(join(directory, 'vocab.bin'), pattern(5_000_000, 8));
    await writeFile(join(directory, 'more'), pattern(100));
    to.store.requests.length = 0;
    const done = await sealBundle(directory, to, { keys, reuse: old, public: ['config.json'] });
    expect(done).toMatchObject({ members: 11, reused: 4 });
    const large = 'models/m/model.safetensors.sealed';
    expect(to.store.requests.filter(({ key }) => key === large).map(({ method }) => method)).toEqual([
      'copy',
    ]);
    await verifyBundle(to, { keys });
    await verifyBundle(old, { keys });
    expect(to.store.get('models/v2/run.sh.sealed')).toEqual(to.store.get('models/m/run.sh.sealed'));
  });

  it.each([
    ['in another store', async () => place()],
    ['in a directory', async () => files.path('old')],
  ])('%s brings what is sound, and seals the rest', async (_what, where) => {
    const old = await where();
    await sealBundle(source, old, { keys });
    if (typeof old === 'string') await writeFile(join(old, 'run.sh.sealed'), pattern(116));
    else flip(old.store, 'models/m/run.sh.sealed');
    const to = place();
    expect(await sealBundle(source, to, { keys, reuse: old })).toMatchObject({ reused: 5 });
    await verifyBundle(to, { keys });
  });

  it('is no matter of the store: a directory reuses what lies in one', async () => {
    const old = place();
    await sealBundle(source, old, { keys });
    flip(old.store, 'models/m/model.safetensors.sealed');
    old.store.objects.delete('models/m/nothing.sealed');
    const to = files.path('reusing');
    expect(await sealBundle(source, to, { keys, reuse: old })).toMatchObject({ reused: 4 });
    await verifyBundle(to, { keys });
  });
});

describe('a seal to a store that is killed', () => {
  it('leaves no bundle, or a whole one, between any two of its requests, and what a sweep removes', async () => {
    const small = await files.directory();
    await writeFile(join(small, 'a'), pattern(10));
    await writeFile(join(small, 'b'), pattern(4_400_000));
    const outcomes = new Set<string>();
    for (let until = 0; ; until++) {
      const to = place();
      let requests = 0;
      to.store.fault = () => (requests++ < until ? undefined : denied);
      const failed = await codeOf(sealBundle(small, to, { keys }));
      const over = requests < until;
      to.store.fault = () => undefined;
      const opened = await codeOf(verifyBundle(to, { keys }));
      outcomes.add(`${opened}`);
      expect([undefined, 'NOT_SEALED']).toContain(opened);
      if (namesIn(to).includes('weightseal.sealing') && opened !== undefined)
        expect(await codeOf(sweepBundle(to))).toBe('OUTPUT_EXISTS');
      await sweepBundle(to, { minAgeMs: 0 });
      if (opened === undefined) await verifyBundle(to, { keys });
      else expect([until, namesIn(to), to.store.uploads.size]).toEqual([until, [], 0]);
      expect(namesIn(to)).not.toContain('weightseal.sealing');
      if (over) {
        expect(failed).toBeUndefined();
        break;
      }
    }
    expect([...outcomes].sort()).toEqual(['NOT_SEALED', 'undefined']);
  });

  it('is swept only where its mark is', async () => {
    const to = place();
    to.store.set('models/m/mine', pattern(3));
    to.store.set('models/m2/weightseal.sealing', pattern(3));
    expect(await sweepBundle(to, { minAgeMs: 0 })).toEqual({ objects: 0, uploads: 0 });
    expect(to.store.objects.size).toBe(2);
  });

  it('is not swept once somebody else is at work there', async () => {
    const to = place();
    to.store.set('models/m/a.sealed', pattern(3));
    to.store.set('models/m/weightseal.sealing', pattern(3));
    to.store.fault = ({ method, count }) => {
      if (method === 'remove' && count === 0) to.store.set('models/m/a.sealed', pattern(4));
      return undefined;
    };
    expect(await codeOf(sweepBundle(to, { minAgeMs: 0 }))).toBe('INPUT_CHANGED');
    expect(namesIn(to)).toEqual(['a.sealed', 'weightseal.sealing']);
  });

  it('tells one that goes on all the same that its place is no longer its own', async () => {
    const to = place();
    const swept = { store: to.store, key: to.key };
    to.store.fault = ({ method, key }) => {
      if (method !== 'put' || !key.endsWith('weightseal.table')) return undefined;
      to.store.fault = () => undefined;
      return { after: sweepBundle(swept, { minAgeMs: 0 }) };
    };
    expect(await codeOf(sealBundle(source, to, { keys }))).toBe('INPUT_CHANGED');
    expect(namesIn(to)).toEqual([]);
    expect(await readFile(join(source, 'config.json'), 'utf8')).toBe('{"a":1}');
  });
});
