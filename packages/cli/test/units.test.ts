import { describe, expect, test } from 'vitest';
import { restoreEnvironment } from '../src/environment.js';
import { progressBar } from '../src/progress-bar.js';
import { stopOnSignals } from '../src/signals.js';
import { printable, quote, size } from '../src/text.js';
import type { Args } from '../src/types.js';
import { byteCount } from '../src/values.js';

test('printable escapes what a terminal acts on and what turns text around, and means the same in JSON', () => {
  for (const bad of [
    '\u001b[31m',
    '\u0007',
    '\u009b1m',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u2028',
    '\u{e0041}',
    '\ud800',
    '\n',
  ]) {
    expect(printable(bad)).toMatch(/^[ -~]+$/);
    expect(JSON.parse(quote(`a${bad}"b`))).toBe(`a${bad}"b`);
  }
  expect(printable('Gewicht-é-模型.bin')).toBe('Gewicht-é-模型.bin');
});

test('sizes read well', () => {
  expect([0, 1023, 1024, 1536, 13 * 2 ** 30, 1000 * 2 ** 20].map(size)).toEqual([
    '0 B',
    '1023 B',
    '1.00 KiB',
    '1.50 KiB',
    '13.0 GiB',
    '1000 MiB',
  ]);
});

test('the bar is drawn ten times a second, fits the terminal, and goes away', () => {
  const written: string[] = [];
  let time = 0;
  const terminal = { columns: 60, write: (text: string) => written.push(text) > 0 };
  const { onProgress, end } = progressBar('opening', terminal, () => time);
  for (let bytes = 0; bytes <= 1000; bytes++) {
    onProgress({ bytes: bytes * 2 ** 20, total: 1000 * 2 ** 20 });
    time += 10;
  }
  end();
  expect(written).toHaveLength(102);
  expect(written[50]).toBe('\r\u001b[2Kopening [########--------]  50% 500 MiB of 1000 MiB, 100 Mi');
  expect(written.every((text) => text.length <= 60 + 4)).toBe(true);
  expect(written.at(-1)).toBe('\r\u001b[2K');
});

test('a stream of unknown length has no percentage', () => {
  const written: string[] = [];
  let time = 0;
  const terminal = { write: (text: string) => written.push(text) > 0 };
  const { onProgress } = progressBar('sealing', terminal, () => time);
  onProgress({ bytes: 0, total: undefined });
  time = 1000;
  onProgress({ bytes: 2048, total: undefined });
  expect(written.at(-1)).toBe('\r\u001b[2Ksealing 2.00 KiB, 2.00 KiB/s');
});

test('the first signal aborts, and is the last that we listen to: a second one ends the process', () => {
  const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
  const { signal, by } = stopOnSignals();
  expect(by()).toBeUndefined();
  process.emit('SIGTERM', 'SIGTERM');
  expect(by()).toBe('SIGTERM');
  expect(signal.aborted).toBe(true);
  expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(before);
});

describe('a number of bytes', () => {
  const parsed = (text: string | undefined) =>
    byteCount({ one: () => text } as unknown as Args, 'memory-allowance');

  test.each([
    ['0', 0],
    ['1000', 1000],
    ['512MiB', 512 * 2 ** 20],
    ['512Mi', 512 * 2 ** 20],
    ['512m', 512 * 2 ** 20],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['2g', 2 * 2 ** 30],
    ['3KiB', 3072],
    ['1T', 2 ** 40],
  ])('%s', (text, bytes) => {
    expect(parsed(text)).toBe(bytes);
  });

  test('is not given', () => {
    expect(parsed(undefined)).toBeUndefined();
  });

  test.each([
    '',
    ' 1',
    '-1',
    '1e3',
    '512MB',
    'MiB',
    '1,5GiB',
    '1..5G',
    '1 GiB',
    '0x10',
    '999999999T',
    '1Gib2',
  ])('%s is none', (text) => {
    expect(() => parsed(text)).toThrow(/--memory-allowance takes a size such as 512MiB/);
  });
});

test('an environment that no init of ours handed on stays as it is', () => {
  const mine = { WEIGHTSEAL_ENV: '1', WEIGHTSEAL_ENV_0: 'a.b=c', SHLVL: '7' };
  const before = { ...process.env };
  try {
    Object.assign(process.env, mine);
    restoreEnvironment();
    expect(process.env).toMatchObject(mine);
    expect(process.env['a.b']).toBeUndefined();
  } finally {
    for (const name of Object.keys(mine)) delete process.env[name];
    Object.assign(process.env, before);
  }
});

test('signals to be ignored do not stop the work, and go on being ignored', () => {
  const { signal, by, leave } = stopOnSignals(['SIGHUP']);
  process.emit('SIGHUP', 'SIGHUP');
  expect(by()).toBeUndefined();
  expect(signal.aborted).toBe(false);
  leave();
  expect(process.listenerCount('SIGHUP')).toBe(1);
  process.removeAllListeners('SIGHUP');
});
