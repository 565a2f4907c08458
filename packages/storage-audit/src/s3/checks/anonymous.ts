import { shown } from '@weightseal/core';
import { failed, inapplicable, passed, type S3Check } from '../check.js';
import type { Facts } from '../facts.js';
import { Unread } from '../failures.js';
import { blockMend } from './block-public-access.js';

export const anonymous: S3Check = {
  id: 's3/anonymous',
  title: 'Without credentials nothing can be read',
  why: 'What really answers counts, whatever policies and ACLs say.',
  whenSealed: 'Who reads gets ciphertext, and sees which models there are.',
  severity: { plain: 'critical', sealed: 'medium' },
  async look(facts) {
    if (facts.options.anonymous === false) return inapplicable('It was not tried, by `anonymous: false`.');
    const listed = await facts.isOpen('ListObjectsV2', { MaxKeys: 1 });
    const key = await someKey(facts);
    const read = key !== undefined && (await facts.isOpen('HeadObject', { Key: key }));
    if (listed || read)
      return failed(
        `Without credentials, from the network of this machine, ${[listed && 'the bucket was listed', read && `its object ${shown(key)} was read`].filter(Boolean).join(', and ')}.`,
        blockMend(facts),
        { facts: JSON.stringify({ listed, read }) },
      );
    const refused = 'Without credentials, from the network of this machine, the bucket could not be listed';
    if (key !== undefined) return passed(`${refused}, nor its object ${shown(key)} be read.`);
    throw new Unread(
      `${refused}; whether an object could be read was not tried, since none was known (s3:ListBucket).`,
    );
  },
};

async function someKey(facts: Facts): Promise<string | undefined> {
  try {
    return (await facts.read('ListObjectsV2', { MaxKeys: 1 }))?.Contents?.[0]?.Key;
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}
