import { chmod, chown, copyFile, mkdir, symlink } from 'node:fs/promises';
import { createLocalKey, generateKeyFile } from '@weightseal/kms-local';
import { describe, expect, it } from 'vitest';
import { temporary } from './temporary.js';

const path = await temporary();
const isRoot = process.geteuid?.() === 0;

describe('a key file', () => {
  it('that all may read is accepted below a directory that keeps them out, and not beside it', async () => {
    const home = path('home');
    await mkdir(home, { mode: 0o700 });
    await generateKeyFile(`${home}/key`);
    await chmod(`${home}/key`, 0o644);
    await createLocalKey({ path: `${home}/key` }).describe();
    await chmod(home, 0o755);
    await expect(createLocalKey({ path: `${home}/key` }).describe()).rejects.toMatchObject({
      code: 'KEY_FILE_EXPOSED',
      message: expect.stringContaining('chmod 600'),
    });
  });

  it('of a volume of Kubernetes: the advice is of Kubernetes', async () => {
    const volume = path('volume');
    await mkdir(`${volume}/..1`, { recursive: true });
    await generateKeyFile(`${volume}/..1/key`);
    await chmod(`${volume}/..1/key`, 0o644);
    await symlink('..1', `${volume}/..data`);
    await symlink('..data/key', `${volume}/key`);
    const error = expect.objectContaining({ message: expect.stringContaining('defaultMode') });
    await expect(createLocalKey({ path: `${volume}/key` }).describe()).rejects.toEqual(error);
    await chmod(`${volume}/..1/key`, 0o400);
    await createLocalKey({ path: `${volume}/key` }).describe();
  });

  it.runIf(isRoot)('of another user is refused also for root, unless that is allowed (as root)', async () => {
    const file = path();
    await generateKeyFile(file);
    await chown(file, 1234, 1234);
    await expect(createLocalKey({ path: file }).describe()).rejects.toMatchObject({
      code: 'KEY_FILE_EXPOSED',
      message: expect.stringContaining('--allow-key-of-others'),
    });
    await createLocalKey({ path: file, allowKeyOfOthers: true }).describe();
    // Root turns a service's key over, which stays the service's.
    await createLocalKey({ path: file }).rotate();
    await expect(createLocalKey({ path: file }).describe()).rejects.toMatchObject({
      code: 'KEY_FILE_EXPOSED',
    });
    expect(await createLocalKey({ path: file, allowKeyOfOthers: true }).describe()).toMatchObject({
      primaryVersion: expect.stringMatching(/\/2$/),
    });
  });

  it('under another path unwraps what it wrapped, and is no other key', async () => {
    const [file, moved, other] = [path(), path('moved'), path('other')];
    await generateKeyFile(file);
    await generateKeyFile(other);
    await copyFile(file, moved);
    const dataKey = new Uint8Array(32).fill(5);
    const wrapped = await createLocalKey({ path: file }).wrap(dataKey, {});
    const key = createLocalKey({ path: moved });
    expect(key.fits!(wrapped)).toBe(true);
    expect(await key.unwrap(wrapped, {})).toEqual(dataKey);
    await expect(createLocalKey({ path: other }).unwrap(wrapped, {})).rejects.toMatchObject({
      code: 'UNWRAP_REJECTED',
    });
  });
});
