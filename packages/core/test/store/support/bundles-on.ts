import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ObjectStore,
  openBundle,
  resealBundle,
  rewrapBundle,
  sealBundle,
  sweepBundle,
  verifyBundle,
} from '@weightseal/core';
import { describe, expect, it } from 'vitest';
import { copyOf, treeOf } from '../../support/bundles.js';
import { MemoryKey } from '../../support/memory-key.js';
import { pattern } from '../../support/sealed.js';
import { temporary } from '../../support/temporary.js';
import { codeOf, model } from './bundles.js';

/** What bundles need of a store, on one that others wrote. */
export function bundlesOn(
  name: string,
  setup: () => Promise<{ readonly store: ObjectStore; readonly prefix: string }>,
  { looksFirst = false }: { readonly looksFirst?: boolean } = {},
): void {
  describe(`bundles on ${name}`, () => {
    const keys = [new MemoryKey('bundles')];
    const ready = (async () => {
      const files = await temporary();
      return { files, source: await model(files, 12_000_000) };
    })();
    const placeAt = async (key: string) => {
      const { store, prefix } = await setup();
      return { store, key: `${prefix}/${key}` };
    };

    it('are sealed, opened, and changed', { timeout: 120_000 }, async () => {
      const { files, source } = await ready;
      const place = await placeAt('m ü');
      await sealBundle(source, place, { keys, public: ['config.json'] });
      const opened = files.path('opened');
      await using bundle = await openBundle(place, { keys });
      await bundle.openTo(opened, { digest: true });
      await chmod(join(opened, 'run.sh'), 0o755);
      expect(await treeOf(opened)).toEqual(await treeOf(source));
      const added = [1, 2].map((at) =>
        codeOf(rewrapBundle(place, { keys, add: [new MemoryKey(`added ${at}`)] })),
      );
      const told = (await Promise.all(added)).filter((one) => one !== undefined);
      expect(looksFirst ? ['INPUT_CHANGED'] : told).toEqual(['INPUT_CHANGED']);
      const output = { ...place, key: `${place.key}.new` };
      await resealBundle(place, {
        keys: [...keys, new MemoryKey('added 1'), new MemoryKey('added 2')],
        output,
      });
      await verifyBundle(output, { keys });
      await verifyBundle(place, { keys });
    });

    it('exclude one another, and reuse what is there', { timeout: 120_000 }, async () => {
      const { files, source } = await ready;
      const place = await placeAt('twice');
      const both = [sealBundle(source, place, { keys })];
      if (!looksFirst) both.push(sealBundle(source, place, { keys }));
      const told = (await Promise.all(both.map(codeOf))).filter((one) => one !== undefined);
      expect(looksFirst ? ['OUTPUT_EXISTS'] : told).toEqual(['OUTPUT_EXISTS']);
      expect(await codeOf(sealBundle(source, place, { keys }))).toBe('OUTPUT_EXISTS');
      const directory = await copyOf(source, files.path('newer'));
      await writeFile(join(directory, 'vocab.bin'), pattern(7_000_000, 5));
      const next = { ...place, key: `${place.key} 2` };
      expect(await sealBundle(directory, next, { keys, reuse: place })).toMatchObject({ reused: 5 });
      await verifyBundle(next, { keys });
    });

    it('are told when an object of theirs is replaced, and what is cut off is swept', async () => {
      const { source } = await ready;
      const place = await placeAt('cut');
      const call = { signal: AbortSignal.timeout(30_000) };
      const put = (at: string, bytes: Uint8Array) => place.store.put!(`${place.key}/${at}`, bytes, {}, call);
      await put('weightseal.sealing', Buffer.from('{}'));
      await put('onnx/a.sealed', pattern(100));
      expect(await codeOf(sealBundle(source, place, { keys }))).toBe('OUTPUT_EXISTS');
      expect(await codeOf(openBundle(place, { keys }))).toBe('NOT_SEALED');
      expect(await sweepBundle(place, { minAgeMs: 0 })).toMatchObject({ objects: 2 });
      await sealBundle(source, place, { keys });
      await using bundle = await openBundle(place, { keys });
      await put('run.sh.sealed', pattern(100));
      expect(['INPUT_CHANGED', 'MEMBER_TAMPERED']).toContain(await codeOf(bundle.read('run.sh', 0, 1)));
    });
  });
}
