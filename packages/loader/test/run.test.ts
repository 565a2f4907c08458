import { closeSync, openSync } from 'node:fs';
import { endianness } from 'node:os';
import { isWeightsealError } from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { activated, assign, descriptorsIn } from '../src/run/descriptors.js';
import { cleanedEnvironment, undecodable } from '../src/run/environment.js';
import { inHex, listenersIn } from '../src/run/listeners.js';
import { lookUp } from '../src/run/look-up.js';
import { namesModel, withModel } from '../src/run/model-word.js';
import { rebuilt } from '../src/run/rebuild.js';

const codeOf = async (act: () => unknown): Promise<string | undefined> => {
  try {
    await act();
    return undefined;
  } catch (error) {
    return isWeightsealError(error) ? error.code : String(error);
  }
};

test.each([
  ['{model}', '/m'],
  ['--model={model}', '--model=/m'],
  ['{model}:{model}', '/m:/m'],
  ['{{model}}', '{model}'],
  ['{{{model}}}', '{{model}}'],
  ['{{model}} {model}', '{model} /m'],
  // Without a partner.
  ['{{model}', '{/m'],
  ['{"path":{model}}', '{"path":/m}'],
  ['{model', '{model'],
  ['{Model}{}', '{Model}{}'],
])('in %j stands %j', (word, expected) => {
  expect(withModel(word, '/m')).toBe(expected);
  expect(namesModel(word)).toBe(expected.includes('/m'));
});

test('a path with what replacing knows as a pattern stands as it is', () => {
  expect(withModel('{model}', "/a$&$'b")).toBe("/a$&$'b");
});

describe('variables that are not UTF-8', () => {
  const block = Buffer.from(
    'A=a\0B=\xff\0C\xfe=c\0WEIGHTSEAL_\xff=secret\0D=\xff\0VAULT_TOKEN=\xff\0',
    'latin1',
  );

  test('are those that are still as the kernel gave them, without what opens keys', () => {
    const seen = { A: 'a', B: '\ufffd', D: 'changed', VAULT_TOKEN: '\ufffd' };
    const told = (keep?: string[]) =>
      undecodable(seen, block, keep).map(({ bytes }) => bytes.toString('latin1'));
    expect(told()).toEqual(['B=\xff', 'C\xfe=c']);
    expect(told(['VAULT_TOKEN'])).toEqual(['B=\xff', 'C\xfe=c', 'VAULT_TOKEN=\xff']);
  });

  test('are all there where Node shows them by one name', () => {
    const many = Buffer.from('C\xfe=1\0C\xff=2\0C\xef\xbf\xbd=3\0', 'latin1');
    const told = (environment: NodeJS.ProcessEnv) =>
      undecodable(environment, many).map(({ bytes }) => bytes.toString('latin1'));
    expect(told({ 'C\ufffd': '3' })).toEqual(['C\xfe=1', 'C\xff=2', 'C\xef\xbf\xbd=3']);
    // One that was changed since is what it was changed to.
    expect(told({ 'C\ufffd': 'new' })).toEqual(['C\xfe=1', 'C\xff=2', 'C\xef\xbf\xbd=new']);
    expect(told({})).toEqual(['C\xfe=1', 'C\xff=2']);
  });

  test('come through a shell in letters that it cannot change, with what it would drop or set itself', () => {
    const environment = { A: 'a', B: '\ufffd', 'a.b': 'x\\\n', PWD: '/p', LISTEN_PID: '1' };
    const { environment: first, args } = rebuilt(
      environment,
      undecodable({ B: '\ufffd' }, Buffer.from('B=\xff', 'latin1')),
      ['LISTEN_PID', 'WATCHDOG_PID'],
    );
    expect(first).toEqual({
      A: 'a',
      WEIGHTSEAL_ENV_0: 'B=\\0377',
      WEIGHTSEAL_ENV_1: 'a.b=x\\0134\\0012',
      WEIGHTSEAL_ENV_2: 'PWD=/p',
    });
    expect(args.slice(0, 2)).toEqual(['3', 'LISTEN_PID WATCHDOG_PID']);
    expect(args[2]).toMatch(/-u OLDPWD -u SHLVL/);
    expect(args[2]).not.toMatch(/-u PWD/);
  });
});

test.each([
  'SHELLOPTS',
  'BASHOPTS',
  'BASH_ENV',
  'ENV',
  'POSIXLY_CORRECT',
  'UID',
  'RANDOM',
  'LC_ALL',
  'weightseal_n',
  'WEIGHTSEAL_ENV_0',
])('%s does nothing to the shell that sets up an environment, and is set after it', (name) => {
  const { environment, args } = rebuilt({ A: 'a', [name]: 'own' }, [], ['LISTEN_PID']);
  expect(environment).toEqual({ A: 'a', WEIGHTSEAL_ENV_0: `${name}=own` });
  expect(args[0]).toBe('1');
});

test('a variable that is longer than a string may be, once each byte is four letters, comes in pieces', () => {
  const bytes = Buffer.concat([Buffer.from('A=+'), Buffer.alloc(100_000, 0xff)]);
  const { environment, args } = rebuilt({}, [{ name: 'A', bytes }], []);
  const pieces = Object.values(environment).map(String);
  expect([args[0], pieces.length]).toEqual(['7', 7]);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(100_000);
  expect(pieces.map((piece) => piece.startsWith('+'))).toEqual([false, ...Array(6).fill(true)]);
  expect(pieces.join('').replaceAll('+', '')).toBe(`A=\\0053${'\\0377'.repeat(100_000)}`);
});

test('what opens keys stays out of the environment, unless it is named', () => {
  const all = { WEIGHTSEAL_X: '1', VAULT_TOKEN: '2', 'a.b': '3' };
  expect(cleanedEnvironment(all)).toEqual({ 'a.b': '3' });
  expect(cleanedEnvironment(all, ['VAULT_TOKEN'])).toEqual({ VAULT_TOKEN: '2', 'a.b': '3' });
});

describe('descriptors', () => {
  test('keep their numbers, and the model takes the first that is free', () => {
    const fd = openSync('/dev/null', 'r');
    try {
      expect(assign([], [], true)).toEqual({ passed: [], model: 3, ready: 4 });
      expect(assign([0, 1, 2, fd], [], false)).toEqual({
        passed: [fd],
        model: fd === 3 ? 4 : 3,
        ready: undefined,
      });
      expect(descriptorsIn([`/dev/fd/${fd}`, `/proc/self/fd/${fd}`, `x/dev/fd/${fd}`, '/dev/fd/3'])).toEqual([
        fd,
        fd,
      ]);
    } finally {
      closeSync(fd);
    }
    expect(descriptorsIn([`/dev/fd/${fd}`])).toEqual([]);
  });

  test.each([-1, 0.5, 65_536, 60_000, Number.NaN])('%d cannot be passed on', async (fd) => {
    expect(await codeOf(() => assign([fd], [], false))).toBe('INVALID_ARGUMENT');
  });

  test('of a service manager are for the process that it names', () => {
    expect(activated({ LISTEN_PID: String(process.pid), LISTEN_FDS: '2' })).toEqual([3, 4]);
    expect(activated({ LISTEN_PID: '1', LISTEN_FDS: '2' })).toEqual([]);
    expect(activated({ LISTEN_PID: String(process.pid), LISTEN_FDS: 'x' })).toEqual([]);
    expect(activated({ LISTEN_PID: String(process.pid) })).toEqual([]);
  });
});

test.runIf(process.platform === 'linux')('a command is found as execvp(3) finds it (on Linux)', async () => {
  expect(await codeOf(() => lookUp('sh', '/nowhere:/bin'))).toBeUndefined();
  expect(await codeOf(() => lookUp('sh'))).toBeUndefined();
  expect(await codeOf(() => lookUp('/bin/sh', '/nowhere'))).toBeUndefined();
  expect(await codeOf(() => lookUp('sh', '/nowhere'))).toBe('COMMAND_NOT_FOUND');
  expect(await codeOf(() => lookUp('', '/bin'))).toBe('COMMAND_NOT_FOUND');
  expect(await codeOf(() => lookUp('./sh', '/bin'))).toBe('COMMAND_NOT_FOUND');
  expect(await codeOf(() => lookUp('/etc'))).toBe('COMMAND_NOT_EXECUTABLE');
  expect(await codeOf(() => lookUp('passwd', '/etc'))).toBe('COMMAND_NOT_EXECUTABLE');
  // What is further on in PATH counts.
  expect(await codeOf(() => lookUp('sh', '/etc/passwd:/bin'))).toBeUndefined();
});

describe('who can answer at an address', () => {
  const line = (local: string, state: string, inode: number) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0`;
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    line('0100007F:1F40', '0A', 1),
    line('00000000:1F40', '0A', 2),
    line('0200007F:1F40', '0A', 3),
    line('0100007F:1F40', '01', 4),
    line('0100007F:1F41', '0A', 5),
    line('00000000000000000000000000000000:1F40', '0A', 6),
    line('00000000000000000000000001000000:1F40', '0A', 7),
    line('0000000000000000FFFF00000100007F:1F40', '0A', 8),
  ].join('\n');

  test.runIf(endianness() === 'LE').each([
    ['127.0.0.1', ['1', '2', '6', '8']],
    ['127.0.0.2', ['2', '3', '6']],
    ['::1', ['6', '7']],
    ['::ffff:127.0.0.1', ['1', '2', '6', '8']],
  ])('at %s those that listen there or everywhere', (address, inodes) => {
    expect(listenersIn(table, inHex(address), 8000)).toEqual(inodes);
  });

  test.each([
    ['127.0.0.1', '00000000000000000000ffff7f000001'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::1:2%eth0', 'fe800000000000000000000000010002'],
    ['2001:db8:0:1:2:3:4:5', '20010db8000000010002000300040005'],
    ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
  ])('%s is %s', (address, hex) => {
    expect(inHex(address)).toBe(hex);
  });
});
