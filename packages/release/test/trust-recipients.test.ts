import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBundle } from '@weightseal/core';
import { createTrust } from '@weightseal/release';
import { expect, test, vi } from 'vitest';
import { BundleDirectory } from '../../core/src/bundle/bundle-directory.ts';
import { unlockBundle } from '../../core/src/bundle/unlock.ts';
import { startDecryption } from '../../core/src/format/floe.ts';
import { memberAad, recordAt } from '../../core/src/format/records.ts';
import { encryptSegment } from '../../core/src/format/segment.ts';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { refused } from './support/refused.ts';
import { freePath, released } from './support/releases.ts';
import { newSigner } from './support/signers.ts';

// The build puts it in.
vi.hoisted(() => Object.assign(globalThis, { WORKER_TEXT: '' }));

/** What somebody can do who may open a bundle and write to where it lies: another payload under the key that the table has. */
async function replacePayload(bundle: string, key: MemoryKey, text: string): Promise<void> {
  await using storage = await BundleDirectory.open(bundle, {});
  const { table } = await unlockBundle(storage, { keys: [key] });
  const entry = table.entries.find(({ path }) => path === 'model.bin')!;
  const { key: own, id, header } = recordAt(table.records, entry.record);
  const message = startDecryption(own, memberAad(id), header.slice());
  const segment = new Uint8Array(message.segmentKey(0));
  const pieces = encryptSegment(segment, 0, true, new Uint8Array(12), Buffer.from(text));
  await writeFile(join(bundle, 'model.bin.sealed'), Buffer.concat([header, ...pieces]));
}

test('what another recipient has encrypted in the place of what was signed is refused', async () => {
  const [signer, key] = [newSigner(), new MemoryKey('one')];
  const bundle = await released(signer, { text: 'weights' });
  await replacePayload(bundle, key, 'others!');
  const trust = createTrust([{ model: 'acme/*', signers: [{ key: signer.spki }] }]);
  await using reader = await openBundle(bundle, { keys: [key], trust });
  await refused(() => reader.openTo(freePath('out')), 'DIGEST_MISMATCH');
  // Where nobody is asked, whoever has the keys counts.
  await using trusting = await openBundle(bundle, { keys: [key] });
  const out = freePath('out');
  await trusting.openTo(out);
  expect(await readFile(join(out, 'model.bin'), 'utf8')).toBe('others!');
});
