import { expect, test } from 'vitest';
import { isMapped } from '../src/machine/root-user.js';

test.each([
  [65_534, '         0          0 4294967295\n', true],
  [65_534, '      1234          0          1\n', false],
  [65_534, '         0       1000          1\n         1     100000      65536\n', true],
  [65_534, '         0     100000      65534\n', false],
  [65_534, '', false],
  [1234, '      1234          0          1\n', true],
])('whether user %i is one of the namespace %j', (uid, map, expected) => {
  expect(isMapped(uid, map)).toBe(expected);
});
