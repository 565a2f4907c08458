import { s3Versions } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../core/test/support/sealed.js';
import { type Answer, clientOf, denied } from './fake.js';

const OWNER = '111122223333';
const counted = (answer: Answer, key?: string) =>
  s3Versions(
    'models',
    { bucketOwner: OWNER, clients: { s3: clientOf({ ListObjectVersions: answer }) } },
    key,
  )({});
const version = (Key: string, IsLatest: boolean, Size = 10) => ({ Key, IsLatest, Size });

describe('older versions in a bucket', () => {
  it('are counted over all pages, with delete markers, and not the current ones', async () => {
    const inputs: Readonly<Record<string, unknown>>[] = [];
    const pages = [
      {
        Versions: [version('a', true), version('a', false)],
        IsTruncated: true,
        NextKeyMarker: 'a',
        NextVersionIdMarker: '2',
      },
      { Versions: [version('b', false, 5)], DeleteMarkers: [{ Key: 'c', IsLatest: true }] },
    ];
    const told = await counted((input) => {
      inputs.push(input);
      return pages[inputs.length - 1]!;
    });
    expect(told).toEqual({ count: 3, size: 15 });
    expect(inputs).toEqual([
      { Bucket: 'models', Prefix: '', ExpectedBucketOwner: OWNER },
      { Bucket: 'models', Prefix: '', ExpectedBucketOwner: OWNER, KeyMarker: 'a', VersionIdMarker: '2' },
    ]);
  });

  it('are those of the place that was named, and of nothing that only begins so', async () => {
    const Versions = ['m', 'm/a', 'm-2', 'm-2/a'].map((key) => version(key, false));
    expect(await counted({ Versions }, 'm')).toEqual({ count: 2, size: 20 });
  });

  it('cannot be told where they may not be listed, or the listing leads nowhere', async () => {
    await expect(counted(denied)).rejects.toThrow('s3:ListBucketVersions');
    await expect(counted({ IsTruncated: true })).rejects.toThrow('does not come to an end');
    const round = { IsTruncated: true, NextKeyMarker: 'a', NextVersionIdMarker: '1' };
    await expect(counted(round)).rejects.toThrow('does not come to an end');
  });

  it('are of a bucket', async () => {
    expect((await refusal(async () => s3Versions('a/b'))).code).toBe('INVALID_ARGUMENT');
  });
});
