import { rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isWeightsealError, openBundle } from '@weightseal/core';
import { createTrust } from '@weightseal/release';
import { describe, expect, it } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { released } from './support/releases.ts';
import { newSigner } from './support/signers.ts';

describe('before a key is asked, a bundle that is judged', () => {
  const judged = async (change: (bundle: string) => Promise<unknown>, options: object = {}) => {
    const signer = newSigner();
    const bundle = await released(signer);
    await change(bundle);
    const key = new MemoryKey('one');
    let asked = 0;
    const unwrap = key.unwrap.bind(key);
    key.unwrap = (...given) => {
      asked++;
      return unwrap(...given);
    };
    const trust = createTrust([{ model: '**', signers: [{ key: signer.spki }] }]);
    const error = await openBundle(bundle, { keys: [key], trust, ...options }).then(
      (reader) => reader.close(),
      (thrown: unknown) => thrown,
    );
    return { code: isWeightsealError(error) ? error.code : undefined, asked };
  };

  it.each<[string, string, (bundle: string) => Promise<unknown>]>([
    ['has a file too many', 'MEMBER_EXTRA', (at) => writeFile(join(at, 'x'), '')],
    ['lacks a file', 'MEMBER_MISSING', (at) => unlink(join(at, 'config.json'))],
    ['has a file of another length', 'MEMBER_TAMPERED', (at) => writeFile(join(at, 'config.json'), '{ }')],
    [
      'has a file of another name',
      'MEMBER_MISSING',
      (at) => rename(join(at, 'config.json'), join(at, 'Config.json')),
    ],
    [
      'has a link in the place of a file',
      'MEMBER_TAMPERED',
      async (at) => {
        await rename(join(at, 'config.json'), `${at}-elsewhere`);
        await symlink(`${at}-elsewhere`, join(at, 'config.json'));
      },
    ],
  ])('%s is refused', async (_, code, change) => {
    expect(await judged(change, { whole: true })).toEqual({ code, asked: 0 });
  });

  it('may lack what nobody wants, and have what is allowed', async () => {
    expect(await judged((at) => unlink(join(at, 'config.json')))).toEqual({ code: undefined, asked: 1 });
    const more = (at: string) => writeFile(join(at, 'x.txt'), '');
    expect(await judged(more, { allowExtra: ['*.txt'], whole: true })).toEqual({ code: undefined, asked: 1 });
    expect(await judged(more, { allowExtra: true, whole: true })).toEqual({ code: undefined, asked: 1 });
    expect(await judged(more, { allowExtra: ['*.md'] })).toEqual({ code: 'MEMBER_EXTRA', asked: 0 });
  });
});
