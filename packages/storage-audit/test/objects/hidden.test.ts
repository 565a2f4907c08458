import { execFileSync } from 'node:child_process';
import { chmod, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copySealed, SIGNATURE_NAME, type StoredAt, sealBundle, WeightsealError } from '@weightseal/core';
import {
  type AuditedObject,
  auditObjects,
  encodeAuditState,
  type ObjectAuditOptions,
  ObjectTally,
  parseAuditState,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../core/test/store/support/memory-store.js';
import { writeTree } from '../../../core/test/support/bundles.js';
import { MemoryKey } from '../../../core/test/support/memory-key.js';
import { pattern, refusal } from '../../../core/test/support/sealed.js';
import { temporary } from '../../../core/test/support/temporary.js';
import { safetensors } from './weights.js';

const temp = await temporary();
const keys = [new MemoryKey('a')];
const MANIFEST = 'weightseal.manifest.json';
const all = (at: StoredAt, options?: ObjectAuditOptions): Promise<AuditedObject[]> =>
  Array.fromAsync(auditObjects(at, options));
const told = (found: readonly AuditedObject[], check: string) =>
  found.flatMap(({ findings }) =>
    findings
      .filter((one) => one.check === `objects/${check}`)
      .map(({ resource, outcome }) => [resource, outcome]),
  );

describe('a manifest that nobody has signed', () => {
  async function bundle(): Promise<string> {
    const plain = await writeTree(await temp.directory(), [
      ['w.safetensors', pattern(10_000)],
      ['open.safetensors', safetensors()],
      ['config.json', '{"layers": 2, "of": "a model"}'],
    ]);
    const output = join(await temp.directory(), 'b');
    await sealBundle(plain, output, { keys, public: ['open.safetensors', '*.json'] });
    return output;
  }

  it('makes no plain weights a member: they are found, in a directory and in a store', async () => {
    const root = await bundle();
    const store = new MemoryStore();
    await copySealed(root, { store, key: 'b' });
    expect(told(await all(root), 'plain-weights')).toEqual([[join(root, 'open.safetensors'), 'failed']]);
    const inStore = told(await all({ store, key: '' }), 'plain-weights');
    expect(inStore).toEqual([['memory://bucket/b/open.safetensors', 'failed']]);
  });

  it('nor where it says that they are sealed, and is of their length', async () => {
    const root = await bundle();
    const manifest = JSON.parse(await readFile(join(root, MANIFEST), 'utf8'));
    const sealed = manifest.files.find(({ path }: { path: string }) => path.startsWith('w.safetensors'));
    const weights = Buffer.concat([safetensors(), Buffer.alloc(sealed.size)]).subarray(0, sealed.size);
    await writeFile(join(root, sealed.path), weights);
    const found = told(await all(root), 'plain-weights');
    expect(found).toContainEqual([join(root, sealed.path), 'failed']);
    await writeFile(join(root, sealed.path), Buffer.alloc(sealed.size, 0x41));
    expect(told(await all(root), 'plain-weights')).toContainEqual([join(root, sealed.path), 'unread']);
  });

  it('and one whose signature is good says what is its own', async () => {
    const root = await bundle();
    await writeFile(join(root, SIGNATURE_NAME), '{"signature": "of somebody"}');
    const signed = told(await all(root, { verify: async () => {} }), 'plain-weights');
    expect(signed).toEqual([[join(root, 'open.safetensors'), 'unread']]);
    const verify = () => Promise.reject(new WeightsealError('SIGNER_UNTRUSTED', 'It is a stranger.'));
    const found = await all(root, { verify });
    expect(told(found, 'plain-weights')).toEqual([[join(root, 'open.safetensors'), 'failed']]);
  });
});

describe('what no listing has', () => {
  it('is found by its empty names, told, and looked at', async () => {
    const store = new MemoryStore();
    store.set('models/a.safetensors', safetensors());
    store.set('models/a//hidden.safetensors', safetensors());
    store.set('models/folder/', new Uint8Array());
    store.set('models/notes/', Buffer.from('words that are no model at all'));
    store.set('/root', Buffer.from('words that are no model at all'));
    const found = await all({ store, key: 'models' });
    expect(told(found, 'names')).toEqual([
      ['memory://bucket/models/a//hidden.safetensors', 'failed'],
      ['memory://bucket/models/notes/', 'failed'],
    ]);
    expect(told(found, 'plain-weights')).toEqual([
      ['memory://bucket/models/a.safetensors', 'failed'],
      ['memory://bucket/models/a//hidden.safetensors', 'failed'],
    ]);
    expect(told(await all({ store, key: '' }), 'names')).toHaveLength(3);
    const tally = new ObjectTally({ store, key: 'models' });
    for (const one of found) tally.add(one);
    expect(tally.findings().filter(({ check }) => check === 'objects/names')).toHaveLength(2);
  });

  it('is unread where it cannot be listed', async () => {
    const store = new MemoryStore();
    store.set('models/a.safetensors', safetensors());
    let levels = 0;
    // The place itself, its first level, and then all of it.
    store.fault = ({ method, key }) =>
      method === 'list' && key === '' && ++levels > 2
        ? { throws: new WeightsealError('STORE_DENIED', 'No.') }
        : undefined;
    expect(told(await all({ store, key: '' }), 'names')).toEqual([['memory://bucket', 'unread']]);
  });
});

describe('older versions', () => {
  const store = new MemoryStore();
  const versions = async (count: ObjectAuditOptions['versions']) => {
    const tally = new ObjectTally({ store, key: '' });
    for (const one of await all({ store, key: '' }, { versions: count })) tally.add(one);
    return tally.findings().find(({ check }) => check === 'objects/versions')!;
  };

  it('are counted, and unread where there are some or nobody knows', async () => {
    expect((await versions(async () => ({ count: 0, size: 0 }))).outcome).toBe('passed');
    const some = await versions(async () => ({ count: 3, size: 99 }));
    expect(some).toMatchObject({ outcome: 'unread', severity: 'info' });
    expect(some.evidence).toContain(
      'There are 3 older versions, of 99 bytes, which were not looked at: what was plain before it was sealed may be among them.',
    );
    expect(await versions(undefined)).toMatchObject({ outcome: 'unread', severity: 'medium' });
    const secret = await versions(() => Promise.reject(new Error('secret=x')));
    expect(secret.outcome).toBe('unread');
    expect(secret.evidence).not.toContain('secret');
  });
});

it.skipIf(process.platform === 'win32')(
  'plain weights that every user can read are told (with modes)',
  async () => {
    const root = await temp.directory();
    await writeTree(root, [['deep/w.safetensors', safetensors()]]);
    const path = join(root, 'deep/w.safetensors');
    const readable = async () => told(await all(root), 'world-readable');
    await chmod(dirname(root), 0o755);
    await chmod(root, 0o755);
    await chmod(path, 0o644);
    expect(await readable()).toEqual([[path, 'failed']]);
    await chmod(join(root, 'deep'), 0o700);
    expect(await readable()).toEqual([]);
    await chmod(join(root, 'deep'), 0o755);
    await chmod(path, 0o640);
    expect(await readable()).toEqual([]);
  },
);

describe('an audit that was cut off', () => {
  async function place(): Promise<string> {
    const root = await temp.directory();
    await writeTree(root, [
      ...Array.from({ length: 6 }, (_, index) => [`${index}.safetensors`, safetensors()] as const),
      ['notes', 'words that are no model at all'],
    ]);
    return root;
  }

  it('goes on with what it had come to, and comes to the same, wherever it was cut', async () => {
    const root = await place();
    const whole = new ObjectTally(root, { keys: ['memory:a'] });
    for await (const one of auditObjects(root, { keys: ['memory:a'] })) whole.add(one);
    for (let cut = 1; cut < 7; cut++) {
      const first = new ObjectTally(root, { keys: ['memory:a'] });
      let after = '';
      for await (const one of auditObjects(root, { keys: ['memory:a'] })) {
        first.add(one);
        after = one.cursor!;
        if (after === (await all(root))[cut - 1]!.cursor) break;
      }
      const text = encodeAuditState({ of: 'x', started: '2030-01-01T00:00:00Z', after, tally: first.save() });
      const state = parseAuditState(Buffer.from(text));
      const second = new ObjectTally(root, { keys: ['memory:a'] }, state.tally);
      for await (const one of auditObjects(root, { keys: ['memory:a'], after: state.after })) second.add(one);
      expect(second.findings()).toEqual(whole.findings());
      expect(second.count('weights')).toBe(6);
    }
  });

  it.each([
    ['no JSON', '{'],
    ['another format', '{"format":"weightseal-audit-state/2"}'],
    ['a name twice', '{"format":"weightseal-audit-state/1","format":"weightseal-audit-state/1"}'],
  ])('is not gone on with where its state is %s', async (_what, text) => {
    expect((await refusal(async () => parseAuditState(Buffer.from(text)))).code).toBe('CONFIG_INVALID');
  });

  it('nor where one member of it is something else', async () => {
    const tally = new ObjectTally('/srv');
    tally.add({ kind: 'sealed', path: 'a', findings: [] });
    const text = encodeAuditState({
      of: 'x',
      started: '2030-01-01T00:00:00Z',
      after: 'a',
      tally: tally.save(),
    });
    expect(parseAuditState(Buffer.from(text)).after).toBe('a');
    for (const [from, to] of [
      ['"blind":1', '"blind":-1'],
      ['["sealed",1]', '["valueOf",1]'],
      ['["sealed",1]', '["sealed","1"]'],
      ['"findings":[]', '"findings":[{"check":"x"}]'],
      ['2030-01-01T00:00:00Z', 'yesterday'],
    ] as const) {
      expect(text).toContain(from);
      const changed = Buffer.from(text.replace(from, to));
      expect((await refusal(async () => parseAuditState(changed))).code).toBe('CONFIG_INVALID');
    }
  });
});

describe('a name that says bundle hides nothing', () => {
  const GGUF = Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), Buffer.alloc(64)]);

  it('where its head cannot be read, in a directory and in a store', async () => {
    const root = await writeTree(await temp.directory(), [
      ['m/weightseal.json', '{}'],
      ['m/deep/w.safetensors', safetensors()],
      ['m/w.gguf', GGUF],
      ['m/notes', 'words that are no model at all'],
    ]);
    const store = new MemoryStore();
    for (const name of ['weightseal.json', 'deep/w.safetensors', 'w.gguf', 'notes'])
      store.set(`m/${name}`, await readFile(join(root, 'm', name)));
    for (const [at, name] of [
      [root, root],
      [{ store, key: '' }, 'memory://bucket'],
    ] as const)
      expect(told(await all(at), 'plain-weights').toSorted()).toEqual([
        [`${name}/m`, 'unread'],
        [`${name}/m/deep/w.safetensors`, 'failed'],
        [`${name}/m/w.gguf`, 'failed'],
      ]);
  });

  it('nor where it has no manifest', async () => {
    const plain = await writeTree(await temp.directory(), [['w', pattern(10_000)]]);
    const root = join(await temp.directory(), 'b');
    await sealBundle(plain, root, { keys });
    await writeTree(root, [['w.gguf', GGUF]]);
    await rm(join(root, MANIFEST));
    expect(told(await all(root), 'plain-weights')).toEqual([
      [root, 'unread'],
      [join(root, 'w.gguf'), 'failed'],
    ]);
  });

  it('and so many files that only some are looked at are counted', async () => {
    const store = new MemoryStore();
    store.set('m/weightseal.json', Buffer.from('{}'));
    for (let index = 0; index < 1200; index++) store.set(`m/${index}`, Buffer.from('x'));
    const [bundle] = await all({ store, key: '' });
    expect(bundle!.findings.at(-1)).toMatchObject({ outcome: 'unread', count: 201 });
  });
});

it('members are looked at under a good signature too, since their bytes are not compared', async () => {
  const plain = await writeTree(await temp.directory(), [
    ['w.safetensors', pattern(10_000)],
    ['card.md', 'x'.repeat(2000)],
  ]);
  const root = join(await temp.directory(), 'b');
  await sealBundle(plain, root, { keys, public: ['card.md'] });
  await writeFile(join(root, SIGNATURE_NAME), '{"signature": "of somebody"}');
  const found = async () => told(await all(root, { verify: async () => {} }), 'plain-weights');
  expect(await found()).toEqual([]);
  const { files } = JSON.parse(await readFile(join(root, MANIFEST), 'utf8'));
  for (const { path, size } of files as { path: string; size: number }[])
    await writeFile(join(root, path), Buffer.concat([safetensors(), Buffer.alloc(size)]).subarray(0, size));
  expect((await found()).toSorted()).toEqual([
    [join(root, 'card.md'), 'unread'],
    [join(root, files.find(({ path }: { path: string }) => path !== 'card.md').path), 'failed'],
  ]);
});

it('what begins like a member and lies in no bundle is unread', async () => {
  const plain = await writeTree(await temp.directory(), [['w', pattern(10_000)]]);
  const root = await temp.directory();
  await sealBundle(plain, join(root, 'b'), { keys });
  const { files } = JSON.parse(await readFile(join(root, 'b', MANIFEST), 'utf8'));
  const payload = await readFile(join(root, 'b', files[0].path));
  await writeFile(join(root, 'weights.bin'), payload);
  expect(told(await all(root), 'plain-weights')).toEqual([[join(root, 'weights.bin'), 'unread']]);
});

it('a mark or a document by its name alone is looked at like all else', async () => {
  const root = await writeTree(await temp.directory(), [
    ['m/weightseal.sealing', safetensors()],
    ['m.weightseal.sig', safetensors()],
  ]);
  expect(told(await all(root), 'plain-weights')).toEqual([
    [join(root, 'm/weightseal.sealing'), 'failed'],
    [join(root, 'm.weightseal.sig'), 'failed'],
  ]);
});

it.skipIf(process.platform === 'win32')(
  'a link to a directory elsewhere, and a pipe, are unread (with modes)',
  async () => {
    const [root, elsewhere] = [await temp.directory(), await temp.directory()];
    await writeTree(elsewhere, [['w.safetensors', safetensors()]]);
    await writeTree(root, [['inner/notes', 'words that are no model at all']]);
    await symlink(elsewhere, join(root, 'link'));
    await symlink('inner', join(root, 'latest'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(told(await all(root), 'plain-weights')).toEqual([
      [join(root, 'link'), 'unread'],
      [join(root, 'pipe'), 'unread'],
    ]);
  },
);

describe('what cannot be listed is unread, and the audit goes on', () => {
  it('in a store that refuses one prefix', async () => {
    const store = new MemoryStore();
    for (const name of ['a/w.safetensors', 'b/w.safetensors', 'c/w.safetensors'])
      store.set(name, safetensors());
    store.fault = ({ method, key }) =>
      method === 'list' && key.startsWith('b/')
        ? { throws: new WeightsealError('STORE_DENIED', 'This identity may not do that.') }
        : undefined;
    const expected = [
      ['memory://bucket/a/w.safetensors', 'failed'],
      ['memory://bucket/b', 'unread'],
      ['memory://bucket/c/w.safetensors', 'failed'],
    ];
    const found = await all({ store, key: '' });
    expect(told(found, 'plain-weights')).toEqual(expected);
    const behind = await all({ store, key: '' }, { after: found[1]!.cursor });
    expect(told(behind, 'plain-weights')).toEqual(expected.slice(2));
  });

  it.skipIf(process.platform !== 'linux')(
    'in a directory, of a name that is no UTF-8 (on Linux)',
    async () => {
      const root = await writeTree(await temp.directory(), [['w.safetensors', safetensors()]]);
      await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]), safetensors());
      const name = join(root, '\ufffd');
      expect(told(await all(root), 'plain-weights').toSorted()).toEqual(
        [
          [join(root, 'w.safetensors'), 'failed'],
          [name, 'unread'],
        ].toSorted(),
      );
    },
  );

  it.skipIf(process.getuid?.() === 0)('in a directory that is closed (not as root)', async () => {
    const root = await writeTree(await temp.directory(), [
      ['a/w.safetensors', safetensors()],
      ['b/w.safetensors', safetensors()],
    ]);
    await chmod(join(root, 'a'), 0);
    const found = told(await all(root), 'plain-weights');
    await chmod(join(root, 'a'), 0o700);
    expect(found).toEqual([
      [join(root, 'a'), 'unread'],
      [join(root, 'b/w.safetensors'), 'failed'],
    ]);
  });
});
