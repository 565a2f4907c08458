import { type Asked, gcsVersions } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';

const page = (items: readonly object[], more: object = {}): Asked => ({
  status: 200,
  body: { kind: 'storage#objects', items, ...more },
});
const old = (name: string, size = '10') => ({ name, size, timeDeleted: '2026-01-02T03:04:05Z' });

const counted = async (pages: readonly Asked[], key?: string) => {
  const asked: string[] = [];
  const ask = async (path: string) => pages[Math.min(asked.push(path), pages.length) - 1]!;
  return { asked, told: await gcsVersions('models-eu', ask, key)({}) };
};

describe('noncurrent versions in a bucket of Google', () => {
  it('are counted over all pages, and not the current ones', async () => {
    const { asked, told } = await counted([
      page([{ name: 'a', size: '7' }, old('a')], { nextPageToken: 'n/2' }),
      page([old('b', '5')]),
    ]);
    expect(told).toEqual({ count: 2, size: 15 });
    expect(asked.map((path) => new URL(path, 'https://x').searchParams.get('pageToken'))).toEqual([
      null,
      'n/2',
    ]);
    expect(asked[0]).toMatch(/^\/storage\/v1\/b\/models-eu\/o\?versions=true&/);
    expect((await counted([page([])])).told).toEqual({ count: 0, size: 0 });
  });

  it('are those of the place that was named', async () => {
    const { told } = await counted([page(['m', 'm/a', 'm-2', 'm-2/a'].map((name) => old(name)))], 'm');
    expect(told.count).toBe(2);
  });

  it('cannot be told where they may not be listed, or the answer is another', async () => {
    await expect(counted([{ status: 403, body: {} }])).rejects.toThrow('storage.objects.list');
    await expect(counted([{ status: 200, body: { items: [] } }])).rejects.toThrow('not what was asked for');
    await expect(counted([page([], { nextPageToken: 'same' })])).rejects.toThrow('does not come to an end');
  });
});
