import { expect, test } from 'vitest';
import { isMapped } from '../src/owner.js';

test('a user is one of the namespace when a line of its map has him', () => {
  const rootless = '         0       1000          1\n         1     100000      65536\n';
  expect([0, 1, 65535, 65536].map((uid) => isMapped(uid, rootless))).toEqual([true, true, true, true]);
  expect(isMapped(65537, rootless)).toBe(false);
  expect(isMapped(65534, '0 1000 1\n')).toBe(false);
  expect(isMapped(65534, '         0          0 4294967295\n')).toBe(true);
  expect(isMapped(65534, undefined)).toBe(true);
});
