import { describe, expect, it } from 'vitest';
import { TerminalLine } from '../src/terminal-line.js';

/** What comes of the bytes: how it ended, what the line is then, and how many bytes are left for others. */
function typed(bytes: Uint8Array | string) {
  const line = new TerminalLine();
  const all = Buffer.from(bytes as string);
  for (const [at, byte] of all.entries()) {
    const outcome = line.take(byte);
    if (outcome !== 'more')
      return { outcome, text: line.copy().toString('latin1'), left: all.length - at - 1 };
  }
  return { outcome: 'more', text: line.copy().toString('latin1'), left: 0 };
}
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

describe('a line that is typed unseen', () => {
  it.each([
    ['p w\r', 'p w', 0],
    ['p w\n', 'p w', 0],
    ['first\rsecond\rls -l\r', 'first', 13],
    ['caf\u00e9\x7f\x7fe\r', 'cae', 0],
    ['\u4e2dx\x7f\x08\x08\r', '', 0],
    ['wrong\x15right\r', 'right', 0],
    ['\x1b[200~pasted\x1b[201~\r', 'pasted', 0],
    ['a\x1b[Ab\x1bOAc\x1b[1;5Dd\x1b[3~e\r', 'abcde', 0],
    ['a\x01\x1ab\tc\r', 'ab\tc', 0],
    ['\u00e9\u4e2d\r', latin1('\u00e9\u4e2d'), 0],
  ])('%j is %j, and leaves %i bytes', (bytes, text, left) => {
    expect(typed(bytes)).toEqual({ outcome: 'line', text, left });
  });

  it('keeps bytes that are no text apart', () => {
    expect(typed(Uint8Array.of(0xe9, 0xe9, 0x0d)).text).not.toBe(typed(Uint8Array.of(0xff, 0xff, 0x0d)).text);
  });

  it('ends by Ctrl-C, by Ctrl-D where nothing was typed, and when it is no line', () => {
    expect(typed('abc\x03').outcome).toBe('interrupt');
    expect(typed('\x04').outcome).toBe('end');
    expect(typed('a\x04\r')).toEqual({ outcome: 'line', text: 'a', left: 0 });
    expect(typed('x'.repeat(5000)).outcome).toBe('too long');
  });
});
