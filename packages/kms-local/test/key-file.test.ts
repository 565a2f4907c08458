import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createLocalKey, generateKeyFile, localKeyFromUri } from '@weightseal/kms-local';
import { describe, expect, it } from 'vitest';
import { secretsIn } from './secrets.js';
import { temporary } from './temporary.js';

const path = await temporary();
const CONTEXT = { model: 'm' };
const dataKey = Buffer.alloc(32, 7);
const code = (expected: string) => expect.objectContaining({ code: expected });

async function keyFile(): Promise<string> {
  const file = path();
  await generateKeyFile(file);
  return file;
}

function withCheck(text: string): string {
  return `${text}check ${createHash('sha256').update(text).digest('hex')}\n`;
}

describe('generateKeyFile', () => {
  it('writes one version for its owner only, and returns the URI', async () => {
    const file = path();
    expect(await generateKeyFile(file)).toBe(`local:${file}`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'latin1')).toMatch(
      /^# weightseal key file[^\n]* secret[^\n]*\nweightseal-key 1\nid [0-9a-f]{32}\nkey 1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [0-9a-f]{64}\ncheck [0-9a-f]{64}\n$/,
    );
    expect(await secretsIn(file)).not.toEqual(await secretsIn(await keyFile()));
  });

  it('never overwrites', async () => {
    const file = await keyFile();
    const before = await readFile(file);
    await expect(generateKeyFile(file)).rejects.toEqual(code('OUTPUT_EXISTS'));
    expect(await readFile(file)).toEqual(before);
  });

  it('says what is wrong with the place', async () => {
    await expect(generateKeyFile(join(path(), 'key'))).rejects.toEqual(code('IO_ERROR'));
    await expect(generateKeyFile('')).rejects.toEqual(code('INVALID_ARGUMENT'));
  });

  it('writes where the path leads, also up out of a linked directory, and nothing for what is no name', async () => {
    const directory = path('directory');
    await mkdir(`${directory}/store/v3`, { recursive: true });
    await symlink('store/v3', `${directory}/current`);
    await generateKeyFile(`${directory}/current/../k`);
    await createLocalKey({ path: `${directory}/current/../k` }).rotate();
    for (const none of ['new/', 'store/', 'store/..', 'store/.', `${'x'.repeat(256)}`])
      await expect(generateKeyFile(`${directory}/${none}`)).rejects.toHaveProperty('class', 'io');
    expect((await readdir(directory)).sort()).toEqual(['current', 'store']);
    expect((await readdir(`${directory}/store`)).sort()).toEqual(['k', 'v3']);
    expect(await secretsIn(`${directory}/store/k`)).toHaveLength(2);
  });
});

describe('who may reach the file', () => {
  it.each([0o640, 0o604, 0o620, 0o610, 0o601, 0o644, 0o777])('mode %o is refused', async (mode) => {
    const file = await keyFile();
    await chmod(file, mode);
    await expect(createLocalKey({ path: file }).describe()).rejects.toEqual(code('KEY_FILE_EXPOSED'));
  });

  it.each([0o600, 0o400, 0o700])('mode %o is accepted', async (mode) => {
    const file = await keyFile();
    await chmod(file, mode);
    await createLocalKey({ path: file }).describe();
  });

  it('a symlink is followed, and what it leads to is judged', async () => {
    const [file, link] = [await keyFile(), path('link')];
    await symlink(file, link);
    const key = createLocalKey({ path: link });
    await key.describe();
    await chmod(file, 0o644);
    await expect(key.describe()).rejects.toEqual(code('KEY_FILE_EXPOSED'));
  });

  it('a FIFO, a directory, a device and a huge file are refused at once', async () => {
    const [fifo, directory, huge, loop] = [path('fifo'), path('directory'), path('huge'), path('loop')];
    execFileSync('mkfifo', ['-m', '600', fifo]);
    await mkdir(directory);
    await writeFile(huge, Buffer.alloc(64 * 1024 + 1), { mode: 0o600 });
    await symlink(loop, loop);
    for (const file of [fifo, directory, huge, loop, '/dev/zero'])
      await expect(createLocalKey({ path: file }).describe()).rejects.toEqual(code('KEY_FILE_INVALID'));
  });
});

describe('parsing', () => {
  async function problem(bytes: Uint8Array | string): Promise<unknown> {
    const file = path();
    await writeFile(file, bytes, { mode: 0o600 });
    return createLocalKey({ path: file })
      .wrap(dataKey, CONTEXT)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  }

  it('refuses every truncation, every changed byte and every extension, and repeats no content', async () => {
    const file = await keyFile();
    await createLocalKey({ path: file }).rotate();
    const whole = await readFile(file);
    const hex = (await secretsIn(file)).map((secret) => Buffer.from(secret).toString('hex'));
    const bad: Uint8Array[] = [Buffer.concat([whole, Buffer.from('\n')]), Buffer.concat([whole, whole])];
    for (let i = 0; i < whole.length; i++) {
      const changed = Buffer.from(whole);
      changed[i]! ^= 1;
      bad.push(whole.subarray(0, i), changed);
    }
    for (const bytes of bad) {
      const error = await problem(bytes);
      expect(error).toEqual(code('KEY_FILE_INVALID'));
      const { message } = error as Error;
      expect(message).toMatch(/line \d+ /);
      for (const secret of hex) expect(message).not.toContain(secret.slice(0, 8));
    }
    expect(await problem(whole)).toBeUndefined();
  });

  it('refuses what a sound checksum covers and still is wrong, by its line', async () => {
    const text = await readFile(await keyFile(), 'latin1');
    const [comment, format, id, key] = text.split('\n') as [string, string, string, string];
    const head = `${comment}\n${format}\n${id}\n`;
    const at = (version: string) => `${key.replace('key 1 ', `key ${version} `)}\n`;
    expect(await problem(withCheck(head + at('1') + at('2')))).toBeUndefined();
    expect(await problem(withCheck(head + at('3') + at('4294967295')))).toBeUndefined();
    const bad: readonly (readonly [string, number])[] = [
      [head, 4],
      [head + at('0'), 4],
      [head + at('01'), 4],
      [head + at('-1'), 4],
      [head + at('4294967296'), 4],
      [head + at('1') + at('1'), 5],
      [head + at('2') + at('1'), 5],
      [head + at('1').replace(/\d{4}-\d\d/, '2026-13'), 4],
      [head + at('1').replace(/\d{4}-\d\d-\d\d/, '2026-02-30'), 4],
      [head + at('1').toUpperCase().replace('KEY', 'key'), 4],
      [head + at('1').replace('\n', '\r\n'), 4],
      [`${comment}\n\n${format}\n${id}\n${at('1')}`, 2],
      [`${comment}\nweightseal-key 2\n${id}\n${at('1')}`, 2],
      [`\ufeff${head}${at('1')}`, 1],
    ];
    for (const [body, line] of bad) {
      const error = await problem(withCheck(body));
      expect(error, JSON.stringify(body.slice(0, 400))).toEqual(code('KEY_FILE_INVALID'));
      expect((error as Error).message).toContain(`line ${line} `);
    }
    expect(
      await problem(withCheck(head + Array.from({ length: 512 }, (_, i) => at(`${i + 1}`)).join(''))),
    ).toBeUndefined();
    expect(await problem('')).toEqual(code('KEY_FILE_INVALID'));
  });
});

describe('rotation', () => {
  it('adds a version, keeps the id and the older ones, and leaves one file of mode 0600', async () => {
    const file = await keyFile();
    const key = localKeyFromUri(`local:${file}`);
    const [first] = await secretsIn(file);
    const wrapped = await key.wrap(dataKey, CONTEXT);
    const before = await key.describe();
    const name = await key.rotate();
    expect(name).toBe(before.primaryVersion.replace(/1$/, '2'));
    expect(await key.describe()).toEqual({ ...before, primaryVersion: name });
    expect((await secretsIn(file))[0]).toEqual(first);
    expect((await secretsIn(file))[1]).not.toEqual(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await key.unwrap(wrapped, CONTEXT)).toEqual(Uint8Array.from(dataKey));
    expect((await readdir(dirname(file))).filter((one) => one.includes('rotating'))).toEqual([]);
  });

  it('through a symlink turns over the file, not the link', async () => {
    const [file, link] = [await keyFile(), path('link')];
    await symlink(file, link);
    await createLocalKey({ path: link }).rotate();
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await secretsIn(file)).toHaveLength(2);
  });

  it('a rotation that was cut off leaves the old key whole, and the next one says what to remove', async () => {
    const file = await keyFile();
    const key = createLocalKey({ path: file });
    const left = `${file}.rotating`;
    await writeFile(left, 'half a key', { mode: 0o600 });
    await key.describe();
    await expect(key.rotate()).rejects.toThrow(`remove ${left}`);
    await expect(key.rotate()).rejects.toEqual(code('KEY_UNAVAILABLE'));
    expect(await readFile(left, 'latin1')).toBe('half a key');
    expect(await secretsIn(file)).toHaveLength(1);
    await unlink(left);
  });

  it('of many at once, each that reports success is kept', async () => {
    const file = await keyFile();
    const key = createLocalKey({ path: file });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => key.rotate()));
    const rotated = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(rotated).toBeGreaterThan(0);
    expect(await secretsIn(file)).toHaveLength(1 + rotated);
  });

  it('of a damaged, exposed, missing or full file, or aborted, changes nothing and leaves nothing', async () => {
    const [damaged, exposed, full, sound] = [path(), await keyFile(), path(), await keyFile()];
    const text = await readFile(exposed, 'latin1');
    await writeFile(damaged, text.slice(0, -10), { mode: 0o600 });
    await chmod(exposed, 0o644);
    const lines = text.split('\n');
    const keys = Array.from({ length: 512 }, (_, i) => `${lines[3]!.replace('key 1', `key ${i + 1}`)}\n`);
    await writeFile(full, withCheck(`${lines.slice(0, 3).join('\n')}\n${keys.join('')}`), { mode: 0o600 });
    for (const [file, expected] of [
      [damaged, 'KEY_FILE_INVALID'],
      [exposed, 'KEY_FILE_EXPOSED'],
      [full, 'KEY_FILE_INVALID'],
      [path(), 'KEY_NOT_FOUND'],
    ] as const)
      await expect(createLocalKey({ path: file }).rotate()).rejects.toEqual(code(expected));
    const controller = new AbortController();
    const rotating = createLocalKey({ path: sound }).rotate({ signal: controller.signal });
    controller.abort();
    await expect(rotating).rejects.toEqual(code('ABORTED'));
    expect(await secretsIn(sound)).toHaveLength(1);
    expect((await readdir(dirname(sound))).filter((one) => one.startsWith(sound) && one !== sound)).toEqual(
      [],
    );
    await createLocalKey({ path: sound }).rotate();
  });
});
