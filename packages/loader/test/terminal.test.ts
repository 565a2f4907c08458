import { expect, test } from 'vitest';
import { isForeground } from '../src/run/terminal.js';

const stat = (group: number, foreground: number, name = 'node') =>
  `7 (${name}) S 1 ${group} 5 34816 ${foreground} 4194304 0 0`;

test.each([
  ['in the foreground', stat(7, 7), true],
  ['in the background', stat(7, 5), false],
  ['without a terminal', stat(7, -1), false],
  ['with a name that looks like more', stat(7, 5, 'x) S 1 9 5 34816 9 ('), false],
  ['of which nothing is told', '', false],
])('a process %s', (_, text, expected) => {
  expect(isForeground(text)).toBe(expected);
});
