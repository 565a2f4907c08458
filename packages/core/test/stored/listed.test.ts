import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copySealed, MANIFEST_NAME, sealBundle } from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../store/support/memory-store.js';
import { treeOf, writeTree } from '../support/bundles.js';
import { MemoryKey } from '../support/memory-key.js';
import { pattern, refusal } from '../support/sealed.js';
import { temporary } from '../support/temporary.js';

const temp = await temporary();
const bundle = temp.path('bundle');
await sealBundle(
  await writeTree(await temp.directory(), [
    ['model.bin', pattern(2_000_000)],
    ['onnx/a.onnx', pattern(1000)],
    ['config.json', '{}'],
  ]),
  bundle,
  { keys: [new MemoryKey('a')], public: ['*.json'] },
);
const tree = await treeOf(bundle);
const NAMES = [
  'config.json',
  'model.bin.sealed',
  'onnx/a.onnx.sealed',
  'weightseal.json',
  'weightseal.manifest.json',
  'weightseal.table',
];

/** A store that lists nothing, as web servers do. */
async function unlisted(change: (store: MemoryStore) => void = () => {}) {
  const store = new MemoryStore();
  for (const name of NAMES) store.set(`m/${name}`, await readFile(join(bundle, name)));
  change(store);
  Object.defineProperty(store, 'list', { value: undefined });
  return { store, key: 'm', tuning: { attempts: 1 } };
}

describe('a bundle in a store that lists nothing', () => {
  it('is copied by what its manifest names, and what else lies there is not seen', async () => {
    const to = temp.path('copy');
    const from = await unlisted((store) => store.set('m/other', Buffer.from('x')));
    expect(await copySealed(from, to)).toMatchObject({ kind: 'bundle', public: ['config.json'] });
    expect(await treeOf(to)).toEqual(tree);
  });

  it('is not copied without a manifest, or by one of another', async () => {
    const without = await unlisted((store) => store.objects.delete(`m/${MANIFEST_NAME}`));
    expect((await refusal(() => copySealed(without, temp.path('a')))).code).toBe('STORE_UNSUPPORTED');
    const text = await readFile(join(bundle, MANIFEST_NAME), 'utf8');
    const other = await unlisted((store) =>
      store.set(
        `m/${MANIFEST_NAME}`,
        Buffer.from(text.replace(/"id":"./, (id) => `${id.slice(0, -1)}${id.endsWith('A') ? 'Q' : 'A'}`)),
      ),
    );
    expect((await refusal(() => copySealed(other, temp.path('b')))).code).toBe('MANIFEST_MISMATCH');
  });

  it('lacks what its manifest names, or has it in another length, which is told', async () => {
    const lacking = await unlisted((store) => store.objects.delete('m/onnx/a.onnx.sealed'));
    expect((await refusal(() => copySealed(lacking, temp.path('c')))).code).toBe('INPUT_NOT_FOUND');
    const longer = await unlisted((store) => store.set('m/onnx/a.onnx.sealed', Buffer.alloc(10)));
    expect((await refusal(() => copySealed(longer, temp.path('d')))).code).toBe('MEMBER_TAMPERED');
  });
});
