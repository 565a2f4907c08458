import { chmod, chown, mkdir, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  auditDirectory,
  DIRECTORY_CHECKS,
  type DirectorySystem,
  type Finding,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../core/test/support/sealed.js';
import { temporary } from '../../../core/test/support/temporary.js';

const temp = await temporary();
const of = (findings: readonly Finding[], check: string) =>
  findings.find((one) => one.check === `directory/${check}`)!;

/** A machine whose mounts and devices are these; `files` are those of /sys. */
const machine = (
  mounts: string,
  files: Readonly<Record<string, string>> = {},
  attributes?: string,
): DirectorySystem => ({
  mounts: async () => mounts,
  read: async (path) => files[path],
  names: async (path) => [
    ...new Set(
      Object.keys(files)
        .filter((file) => file.startsWith(`${path}/`))
        .map((file) => file.slice(path.length + 1).split('/')[0]!),
    ),
  ],
  device: async () => '253:7',
  attributes: async () => attributes,
});

/** The number of the device that a directory is on, as the kernel's tables have it. */
async function deviceOf(path: string): Promise<string> {
  const { dev } = await stat(path);
  return `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xffffff00)}`;
}

async function encryptionOf(
  type: string,
  files: (device: string) => Readonly<Record<string, string>>,
  { source = '/dev/sda1', attributes }: { source?: string; attributes?: string } = {},
): Promise<Finding> {
  const root = await realpath(await temp.directory());
  const device = await deviceOf(root);
  const mounts = `1 0 ${device} / / rw - ${type} ${source} rw\n`;
  const system = machine(mounts, files(device), attributes);
  return of(await auditDirectory(root, { system }), 'encryption');
}

describe.skipIf(process.platform !== 'linux')('whether a disk is encrypted is told (on Linux)', () => {
  const at = (device: string, name: string) => `/sys/dev/block/${device}/${name}`;

  it.each(['LUKS2-abc-models', 'LUKS1-abc-models', 'PLAIN-models'])(
    'where it is dm-crypt: CRYPT-%s',
    async (uuid) => {
      const found = await encryptionOf('ext4', (device) => ({ [at(device, 'dm/uuid')]: `CRYPT-${uuid}\n` }));
      expect(found.outcome).toBe('passed');
      expect(found.evidence).toContain('/dev/sda1');
    },
  );

  it('where all that a volume is made of is', async () => {
    const slaves = (device: string, ...uuids: string[]) =>
      Object.fromEntries([
        [at(device, 'dm/uuid'), 'LVM-x\n'],
        ...uuids.flatMap((uuid, index) => [
          [at(device, `slaves/dm-${index}/dev`), `9:${index}\n`],
          [at(`9:${index}`, 'dm/uuid'), uuid],
        ]),
      ]);
    const both = await encryptionOf('xfs', (device) => slaves(device, 'CRYPT-LUKS2-a', 'CRYPT-LUKS2-b'));
    expect(both.outcome).toBe('passed');
    const one = await encryptionOf('xfs', (device) => slaves(device, 'CRYPT-LUKS2-a', 'LVM-b'));
    expect(one.outcome).toBe('unread');
  });

  it.each(['CRYPT-VERITY-abc-root', 'CRYPT-INTEGRITY-x', 'LVM-abc', ''])(
    'as unread, and never as passed, where it is %j: the disk itself may',
    async (uuid) => {
      const found = await encryptionOf('ext4', (device) => ({ [at(device, 'dm/uuid')]: uuid }));
      expect(found).toMatchObject({ outcome: 'unread', severity: 'high' });
      expect(found.evidence).toContain('cannot be seen from here');
    },
  );

  it('where fscrypt has marked it, and where it is memory', async () => {
    const marked = await encryptionOf('ext4', () => ({}), { attributes: '-----------E--e---' });
    expect(marked.outcome).toBe('passed');
    expect((await encryptionOf('tmpfs', () => ({}), { source: 'tmpfs' })).outcome).toBe('inapplicable');
  });

  it('by the innermost mount, whatever blanks are in its name, and by the last of two', async () => {
    const root = await realpath(await temp.directory());
    const inner = join(root, 'of two');
    await mkdir(inner);
    const device = await deviceOf(inner);
    const mounts = [
      `1 0 ${device} / / rw - ext4 /dev/sda1 rw`,
      `2 1 ${device} / ${root}/of\\040two rw shared:1 master:2 - ext4 /dev/old rw`,
      `3 1 ${device} / ${root}/of\\040two rw - ext4 /dev/mapper/models rw`,
    ].join('\n');
    const system = machine(mounts, { [at(device, 'dm/uuid')]: 'CRYPT-LUKS2-a' });
    expect(of(await auditDirectory(inner, { system }), 'encryption').evidence).toContain(
      '/dev/mapper/models',
    );
    const none = machine('1 0 77:77 / / rw - ext4 /dev/sda1 rw');
    expect(of(await auditDirectory(inner, { system: none }), 'encryption').outcome).toBe('unread');
  });

  it('of what is mounted below, too', async () => {
    const root = await realpath(await temp.directory());
    const device = await deviceOf(root);
    const of2 = async (below: string) => {
      const mounts = [
        `1 0 ${device} / / rw - ext4 /dev/mapper/models rw`,
        `2 1 99:9 / ${root}/deep/er rw - ${below} rw`,
        `3 1 99:9 / ${root}-beside rw - ext4 /dev/sdb1 rw`,
      ].join('\n');
      const files = { [at(device, 'dm/uuid')]: 'CRYPT-LUKS2-a', [at('99:9', 'dm/uuid')]: '' };
      return of(await auditDirectory(root, { system: machine(mounts, files) }), 'encryption');
    };
    const plain = await of2('ext4 /dev/sdb1');
    expect(plain.outcome).toBe('unread');
    expect(plain.evidence).toContain(`Below it, at ${root}/deep/er: Nothing on this machine encrypts it`);
    expect((await of2('tmpfs none')).outcome).toBe('passed');
  });

  it('as unread where the kernel does not say', async () => {
    const system: DirectorySystem = {
      ...machine(''),
      mounts: () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })),
    };
    const found = of(await auditDirectory(await temp.directory(), { system }), 'encryption');
    expect(found).toMatchObject({ outcome: 'unread' });
    expect(found.evidence).toContain('EACCES');
  });

  it('of this machine, whatever it is', async () => {
    const findings = await auditDirectory(await temp.directory());
    expect(findings.map(({ check }) => check)).toEqual(DIRECTORY_CHECKS.map(({ id }) => id));
    expect(of(await auditDirectory('/dev/shm'), 'encryption').outcome).toBe('inapplicable');
  });
});

describe.skipIf(process.platform === 'win32')('whose a directory is, and who else may (with modes)', () => {
  const outcome = async (path: string, check: string, owner?: number) =>
    of(await auditDirectory(path, owner === undefined ? {} : { owner }), check).outcome;

  it('is told by its mode, and those above it', async () => {
    const root = join(await temp.directory(), 'models');
    await mkdir(root);
    const told = async (mode: number) => {
      await chmod(root, mode);
      const findings = await auditDirectory(root);
      return ['written-by-others', 'read-by-others'].map((check) => of(findings, check).outcome);
    };
    expect(await told(0o700)).toEqual(['passed', 'passed']);
    expect((await told(0o777))[0]).toBe('failed');
    const [found] = (await auditDirectory(root)).filter(
      ({ check }) => check === 'directory/written-by-others',
    );
    expect(found).toMatchObject({ severity: 'high', mend: { command: `chmod o-w ${await realpath(root)}` } });
    const sealed = await auditDirectory(root, { sealed: true });
    expect(of(sealed, 'written-by-others').severity).toBe('medium');
    // The one above can be replaced with all that is below.
    await chmod(root, 0o777);
    const below = join(root, 'below');
    await mkdir(below, { mode: 0o700 });
    expect(await outcome(below, 'written-by-others')).toBe('failed');
    await chmod(root, 0o1777);
    expect(await outcome(below, 'written-by-others')).toBe('passed');
  });

  it('is told by what lies below, and counted', async () => {
    const root = await temp.directory();
    await mkdir(join(root, 'a/b'), { recursive: true });
    expect(await outcome(root, 'written-by-others')).toBe('passed');
    for (const name of ['a/b', 'a']) await chmod(join(root, name), 0o777);
    const found = of(await auditDirectory(root), 'written-by-others');
    expect(found).toMatchObject({ outcome: 'failed', count: 2 });
    expect(found.evidence).toMatch(/^Every user can write to .*\/a, and 1 more below it\.$/);
    for (const name of ['a/b', 'a']) await chmod(join(root, name), 0o755);
    await writeFile(join(root, 'a/w'), 'x');
    await chmod(join(root, 'a/w'), 0o666);
    expect(await outcome(root, 'written-by-others')).toBe('failed');
  });

  it('is told by the links on the way, and where links below lead', async () => {
    const [open, root] = [await temp.directory(), join(await temp.directory(), 'models')];
    await mkdir(root);
    await chmod(open, 0o777);
    await symlink(root, join(open, 'link'));
    expect(await outcome(root, 'written-by-others')).toBe('passed');
    expect(await outcome(join(open, 'link'), 'written-by-others')).toBe('failed');
    await mkdir(join(root, 'own'));
    await symlink('own', join(root, 'latest'));
    expect(await outcome(root, 'written-by-others')).toBe('passed');
    await symlink(open, join(root, 'out'));
    expect(await outcome(root, 'written-by-others')).toBe('unread');
  });

  it.skipIf(process.getuid?.() !== 0)('is told by other users and groups (as root)', async () => {
    const top = await temp.directory();
    const root = join(top, 'models');
    await mkdir(root);
    await writeFile(join(root, 'w'), 'x');
    await chown(top, 65_534, 0);
    expect(of(await auditDirectory(root), 'written-by-others').evidence).toContain('on the way to it');
    expect(await outcome(root, 'written-by-others', 65_534)).toBe('passed');
    await chown(top, 0, 0);
    await chown(join(root, 'w'), 65_534, 0);
    expect(of(await auditDirectory(root), 'written-by-others').evidence).toContain('Another user owns');
    await chown(root, 0, 65_534);
    await chmod(root, 0o750);
    for (const above of [dirname(top), top]) await chmod(above, 0o755);
    const read = of(await auditDirectory(root), 'read-by-others');
    expect(read).toMatchObject({ outcome: 'failed', severity: 'low' });
    await chmod(top, 0o700);
    expect(await outcome(root, 'read-by-others')).toBe('passed');
  });

  it('is told by its owner', async () => {
    const root = await temp.directory();
    const { uid } = await stat(root);
    expect(await outcome(root, 'owner')).toBe('passed');
    expect(await outcome(root, 'owner', uid)).toBe('passed');
    expect(await outcome(root, 'owner', uid + 1)).toBe('failed');
  });

  it('of a file is that of the directory that it is in, and of a link that of where it leads', async () => {
    const root = await temp.directory();
    await mkdir(join(root, 'open'));
    await chmod(join(root, 'open'), 0o777);
    await writeFile(join(root, 'open', 'm.sealed'), 'x');
    await symlink(join(root, 'open'), join(root, 'link'));
    for (const path of ['open/m.sealed', 'link', 'link/m.sealed'])
      expect(await outcome(join(root, path), 'written-by-others')).toBe('failed');
  });
});

it('what is not there, and what no option is, is refused', async () => {
  const root = await temp.directory();
  expect((await refusal(() => auditDirectory(join(root, 'none')))).code).toBe('INPUT_NOT_FOUND');
  expect((await refusal(() => auditDirectory(root, { seeled: true } as object))).code).toBe(
    'INVALID_ARGUMENT',
  );
  const stop = AbortSignal.abort();
  expect((await refusal(() => auditDirectory(root, { signal: stop }))).code).toBe('ABORTED');
});
