import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copySealed, SIGNATURE_NAME, sealBundle, sealToFile } from '@weightseal/core';
import { signRelease, type TrustedSigner, verifyRelease } from '@weightseal/release';
import { auditObjects, type VerifySealed } from '@weightseal/storage-audit';
import { expect, it } from 'vitest';
import { MemoryStore } from '../../../core/test/store/support/memory-store.js';
import { writeTree } from '../../../core/test/support/bundles.js';
import { MemoryKey } from '../../../core/test/support/memory-key.js';
import { temporary } from '../../../core/test/support/temporary.js';
import { KINDS } from '../../../release/test/support/signers.js';

const temp = await temporary();
const [signer, stranger] = [KINDS[0]![1](), KINDS[1]![1]()];

it('releases are verified as `@weightseal/release` does, in a directory and in a store', async () => {
  const root = await temp.directory();
  const keys = [new MemoryKey('a')];
  const plain = await writeTree(await temp.directory(), [['w', 'weights']]);
  for (const name of ['good', 'strange', 'other']) {
    await sealBundle(plain, join(root, name), { keys });
    await signRelease(join(root, name), { signer: name === 'strange' ? stranger : signer });
  }
  await sealToFile(join(plain, 'w'), join(root, 'file'), { keys });
  await signRelease(join(root, 'file'), { signer });
  await writeFile(join(root, 'other', SIGNATURE_NAME), 'no signature');
  const store = new MemoryStore();
  for (const name of ['file', 'good', 'other', 'strange'])
    await copySealed(join(root, name), { store, key: name });
  const signers: TrustedSigner[] = [{ key: await signer.publicKey() }];
  const verify: VerifySealed = (at, options) => verifyRelease(at, signers, options);
  for (const at of [root, { store, key: '' }]) {
    const found = await Array.fromAsync(auditObjects(at, { verify }));
    const told = found
      .filter(({ kind }) => kind !== 'release')
      .map(({ path, findings }) => [
        path,
        findings.map(({ check, outcome, evidence }) => [check, outcome, /\((\w+)\)$/.exec(evidence)?.[1]]),
      ]);
    expect(told).toEqual([
      ['file', []],
      ['good', []],
      ['other', [['objects/sealed-signature', 'failed', 'SIGNATURE_INVALID']]],
      ['strange', [['objects/sealed-signature', 'failed', 'SIGNER_UNTRUSTED']]],
    ]);
  }
});
