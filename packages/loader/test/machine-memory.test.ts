import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cgroupViews } from '../src/machine/cgroups.js';
import { checkMemory, scarcity } from '../src/machine/check-memory.js';
import {
  availableIn,
  droppableIn,
  type MemoryFacts,
  memoryFacts,
  noSwapDevice,
} from '../src/machine/memory.js';
import { parseMountInfo } from '../src/machine/mount-info.js';
import { oomKills } from '../src/machine/oom-kills.js';

const MIB = 1_048_576;
const GIB = 1024 * MIB;
const NONE = '9223372036854771712\n';
const NO_SWAP = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
const SWAP = `${NO_SWAP}/dev/sda2                               partition\t8388604\t\t0\t\t-2\n`;
const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';

const mountOf = (at: string, type: string, root = '/', options = 'rw') =>
  `31 23 0:28 ${root} ${at} rw,nosuid shared:9 - ${type} ${type} ${options}\n`;
const v2Mount = (root = '/') => mountOf(V2, 'cgroup2', root, 'rw,nsdelegate');
const v1Mount = (root = '/') => mountOf(V1, 'cgroup', root, 'rw,memory');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weightseal-machine-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function machine(cgroup: string, mounts: string, swaps: string | undefined = NO_SWAP): void {
  put('/proc/meminfo', 'MemTotal:       24684092 kB\nMemFree:  1 kB\nMemAvailable:   2048 kB\n');
  if (swaps !== undefined) put('/proc/swaps', swaps);
  put('/proc/self/cgroup', cgroup);
  put('/proc/self/mountinfo', mounts);
}

function v2(at: string, max: string | number, current = 0, more: Record<string, string> = {}): void {
  const stat = 'anon 1\nfile 2\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n';
  const files = { 'memory.max': `${max}\n`, 'memory.current': `${current}\n`, 'memory.stat': stat, ...more };
  for (const [name, text] of Object.entries(files)) put(join(V2, at, name), text);
}

function v1(at: string, limit: string | number, usage = 0, stat = ''): void {
  put(join(V1, at, 'memory.limit_in_bytes'), `${limit}\n`);
  put(join(V1, at, 'memory.usage_in_bytes'), `${usage}\n`);
  put(join(V1, at, 'memory.stat'), `cache 5\ninactive_file 7\n${stat}`);
}

describe('the limit', () => {
  const limit = async () => (await memoryFacts(root)).limit;

  test('v2, in a container with a namespace of its own', async () => {
    machine('0::/\n', v2Mount());
    v2('/', 4 * GIB, GIB);
    expect(await memoryFacts(root)).toEqual({
      available: 2 * MIB,
      limit: { source: 'cgroup v2', setting: 'memory.max', limit: 4 * GIB, headroom: 3 * GIB },
      swap: 'none',
    });
  });

  test('v2, in a container without one: the path is the host’s, and the group is what is mounted', async () => {
    machine('0::/system.slice/docker-12.scope\n', v2Mount());
    v2('/', 4 * GIB, GIB);
    // Of the same name as a group on the way, and none of ours.
    v2('/system.slice', 1);
    expect(await limit()).toMatchObject({ limit: 4 * GIB });
  });

  test('v2, where the mount’s root is the path, or a part of it', async () => {
    machine('0::/docker/12/worker\n', v2Mount('/docker/12'));
    v2('/', 4 * GIB);
    v2('/worker', 2 * GIB);
    expect(await limit()).toMatchObject({ limit: 2 * GIB });
    machine('0::/docker/12\n', v2Mount('/docker/12'));
    expect(await limit()).toMatchObject({ limit: 4 * GIB });
  });

  test.each([
    ['0::/../other\n', '/'],
    ['0::/\n', '/..'],
    ['0::/docker/12\n', '/docker/1'],
  ])('never looks outside of what is mounted: %j at %j', async (cgroup, at) => {
    machine(cgroup, v2Mount(at));
    v2('/', 4 * GIB);
    v2('/../other', 5);
    v2('/2', 6);
    expect(await limit()).toMatchObject({ limit: 4 * GIB });
  });

  test('the tightest of all that the group is in: by what is left, and not by what it is', async () => {
    machine('0::/a/b/c\n', v2Mount());
    v2('/a', 8 * GIB, 7.5 * GIB);
    v2('/a/b', 4 * GIB, GIB);
    v2('/a/b/c', 'max', GIB);
    expect(await limit()).toMatchObject({ limit: 8 * GIB, headroom: 0.5 * GIB });
  });

  test('none where every group says max', async () => {
    machine('0::/a\n', v2Mount());
    v2('/', 'max', GIB);
    v2('/a', 'max', GIB);
    expect(await limit()).toBeUndefined();
  });

  test('memory.high counts: over it the kernel makes the process wait', async () => {
    machine('0::/\n', v2Mount());
    v2('/', 4 * GIB, GIB, { 'memory.high': `${3 * GIB}\n` });
    expect(await limit()).toMatchObject({ setting: 'memory.high', headroom: 2 * GIB });
  });

  test('page cache can be dropped, and files in memory cannot', async () => {
    machine('0::/\n', v2Mount());
    const stat = `anon 9\nfile ${GIB}\nshmem ${GIB}\nactive_anon ${GIB}\ninactive_file ${MIB}\nactive_file ${2 * MIB}\nslab_reclaimable ${4 * MIB}\n`;
    v2('/', 2 * GIB, GIB, { 'memory.stat': stat });
    expect(await limit()).toMatchObject({ headroom: GIB + 7 * MIB });
    v2('/', 2 * GIB, 3 * GIB);
    expect((await limit())?.headroom, 'over its limit').toBe(0);
    v2('/', 2 * GIB, MIB, { 'memory.stat': stat });
    expect((await limit())?.headroom, 'more cache than usage, in two reads').toBe(2 * GIB);
  });

  test('a limit whose usage cannot be read is a limit', async () => {
    machine('0::/\n', v2Mount());
    put(`${V2}/memory.max`, `${GIB}\n`);
    expect(await limit()).toMatchObject({ limit: GIB, headroom: GIB });
  });

  test('v1, with the totals of all that is in the group', async () => {
    machine(`4:cpu,memory:/docker/12\n1:name=systemd:/x\n`, v1Mount('/docker/12'));
    v1('/', GIB, 512 * MIB, `total_inactive_file ${MIB}\ntotal_active_file ${MIB}\n`);
    expect(await limit()).toEqual({
      source: 'cgroup v1',
      setting: 'memory.limit_in_bytes',
      limit: GIB,
      headroom: 514 * MIB,
    });
  });

  test('v1, where the largest number means that there is none', async () => {
    machine('4:memory:/a\n', v1Mount());
    v1('/', NONE);
    v1('/a', NONE);
    expect(await limit()).toBeUndefined();
    v1('/', 3 * GIB);
    expect(await limit()).toMatchObject({ limit: 3 * GIB });
  });

  test('hybrid: whichever has the controller, and the tightest where both have', async () => {
    machine('4:memory:/a/b\n1:cpu:/\n0::/u\n', v1Mount() + mountOf('/sys/fs/cgroup/unified', 'cgroup2'));
    v1('/a', 2 * GIB);
    v1('/a/b', NONE);
    put('/sys/fs/cgroup/unified/u/cgroup.procs', '');
    expect(await limit()).toMatchObject({ source: 'cgroup v1', limit: 2 * GIB });
    put('/sys/fs/cgroup/unified/u/memory.max', `${GIB}\n`);
    expect(await limit()).toMatchObject({ source: 'cgroup v2', limit: GIB });
  });

  test('at a mount point with a space', async () => {
    machine('0::/\n', mountOf('/sys/fs/my\\040groups', 'cgroup2'));
    put('/sys/fs/my groups/memory.max', `${GIB}\n`);
    expect(await limit()).toMatchObject({ limit: GIB });
  });

  test('nothing is known where nothing can be read', async () => {
    const unknown = { available: undefined, limit: undefined, swap: 'possible' };
    expect(await memoryFacts(root)).toEqual(unknown);
    for (const name of ['meminfo', 'swaps', 'self/cgroup', 'self/mountinfo'])
      put(`/proc/${name}`, '\0 what\n-\n');
    expect(await memoryFacts(root)).toEqual(unknown);
    for (const name of ['meminfo', 'swaps', 'self/cgroup', 'self/mountinfo'])
      rmSync(join(root, 'proc', name));
    for (const name of ['meminfo', 'swaps', 'self/cgroup/x'])
      mkdirSync(join(root, 'proc', name), { recursive: true });
    expect(await memoryFacts(root)).toEqual(unknown);
  });
});

describe('swap', () => {
  const swap = async () => (await memoryFacts(root)).swap;

  test('a device makes it possible, unless a group above forbids it', async () => {
    machine('0::/a/b\n', v2Mount(), SWAP);
    v2('/a/b', 'max', 0, { 'memory.swap.max': 'max\n' });
    expect(await swap()).toBe('possible');
    v2('/a', 'max', 0, { 'memory.swap.max': '4096\n' });
    expect(await swap()).toBe('possible');
    v2('/a', 'max', 0, { 'memory.swap.max': '0\n' });
    expect(await swap()).toBe('none');
  });

  test('with v1, memsw = limit forbids nothing', async () => {
    machine('4:memory:/\n', v1Mount(), SWAP);
    v1('/', GIB);
    put(`${V1}/memory.memsw.limit_in_bytes`, `${GIB}\n`);
    put(`${V1}/memory.swap.max`, '0\n');
    expect(await swap()).toBe('possible');
  });

  test('what is mounted over /proc/swaps is not believed', () => {
    expect(noSwapDevice(NO_SWAP, [])).toBe(true);
    expect(noSwapDevice(NO_SWAP, parseMountInfo(mountOf('/proc/swaps', 'fuse.lxcfs', '/proc/swaps')))).toBe(
      false,
    );
    for (const text of [SWAP, '', undefined]) expect(noSwapDevice(text, [])).toBe(false);
  });
});

describe('the parsers', () => {
  test('mountinfo: optional fields, escapes, and lines that are none', () => {
    const lines = [
      '36 35 98:0 /mnt1 /mnt\\0402\\134x rw,noatime master:1 shared:4 - ext3 /dev/root rw,errors=continue',
      '37 35 0:5 / /größe rw - tmpfs - rw,size=8192k,noswap',
      '38 35 0:5 / /- rw - tmpfs none',
      'nonsense',
      '',
    ];
    expect(parseMountInfo(lines.join('\n'))).toEqual([
      {
        id: 36,
        root: '/mnt1',
        mountPoint: '/mnt 2\\x',
        type: 'ext3',
        flags: ['rw', 'noatime'],
        options: ['rw', 'errors=continue'],
      },
      {
        id: 37,
        root: '/',
        mountPoint: '/größe',
        type: 'tmpfs',
        flags: ['rw'],
        options: ['rw', 'size=8192k', 'noswap'],
      },
      { id: 38, root: '/', mountPoint: '/-', type: 'tmpfs', flags: ['rw'], options: [] },
    ]);
  });

  test('cgroup: a path may hold colons, and other controllers are no matter', () => {
    const mounts = parseMountInfo(
      v1Mount() + v2Mount() + mountOf('/sys/fs/cgroup/cpu', 'cgroup', '/', 'rw,cpu'),
    );
    expect(cgroupViews('3:cpu:/c\n2:memory:/a:b\n0::/d\nnonsense', mounts)).toEqual([
      { version: 1, mountPoint: V1, path: '/a:b' },
      { version: 2, mountPoint: V2, path: '/d' },
    ]);
    expect(cgroupViews('0::/d\n', [])).toEqual([]);
  });

  test('cgroup: of two mounts, the one that shows our group', () => {
    const mounts = parseMountInfo(mountOf('/other', 'cgroup2', '/their') + v2Mount('/our'));
    expect(cgroupViews('0::/our/own', mounts)).toEqual([{ version: 2, mountPoint: V2, path: '/own' }]);
  });

  test('meminfo and memory.stat', () => {
    expect(availableIn('MemFree: 3 kB\nMemAvailable:      17 kB\n')).toBe(17 * 1024);
    expect(availableIn('MemFree: 3 kB\n')).toBeUndefined();
    expect(droppableIn('inactive_file 3\nactive_file x\ntotal_active_file 5\nslab_reclaimable 4', 2)).toBe(7);
    expect(droppableIn('inactive_file 3\ntotal_inactive_file 4\ntotal_active_file 5', 1)).toBe(9);
  });
});

describe('checkMemory', () => {
  const facts = (available: number | undefined, headroom?: number): MemoryFacts => ({
    available,
    swap: 'none',
    limit:
      headroom === undefined
        ? undefined
        : { source: 'cgroup v2', setting: 'memory.max', limit: 6 * GIB, headroom },
  });
  const refused = (expected: RegExp) =>
    expect.objectContaining({ code: 'MEMORY_LIMIT', message: expect.stringMatching(expected) });

  test('what is unknown refuses nothing, and what fits to the byte is let through', () => {
    checkMemory(Number.MAX_SAFE_INTEGER / 2, facts(undefined));
    checkMemory(4 * GIB, facts(4 * GIB + 64 * MIB, 4 * GIB + 64 * MIB));
    expect(() => checkMemory(4 * GIB, facts(4 * GIB + 64 * MIB - 1))).toThrow(refused(/the machine/));
    expect(() => checkMemory(4 * GIB, facts(undefined, 4 * GIB + 64 * MIB - 1))).toThrow(refused(/limit/));
  });

  test('names the tighter of both, the figures, and how to mend it', () => {
    expect(() => checkMemory(4 * GIB, facts(3 * GIB, 2 * GIB))).toThrow(
      refused(
        /^The plaintext takes 4\.00 GiB of memory, and opening it 64\.0 MiB more; of this process's memory limit of 6\.00 GiB \(cgroup v2, memory\.max\) only 2\.00 GiB is left\. .*Docker: .*Kubernetes: .*systemd: /,
      ),
    );
    expect(() => checkMemory(4 * GIB, facts(1.5 * GIB, 2 * GIB))).toThrow(
      refused(/; the machine has only 1\.50 GiB available\. .*Docker: .*Kubernetes: .*systemd: /),
    );
  });

  test('keeps what the caller wants for the engine, and never less than opening takes', () => {
    checkMemory(4 * GIB, facts(6 * GIB), 2 * GIB);
    expect(() => checkMemory(4 * GIB, facts(6 * GIB), 2 * GIB + 1)).toThrow(
      refused(/takes 4\.00 GiB of memory, and who uses it is to have 2\.00 GiB more; the machine/),
    );
    expect(() => checkMemory(4 * GIB, facts(4 * GIB + 64 * MIB - 1), 1)).toThrow(
      refused(/opening it 64\.0 MiB/),
    );
  });

  test.each([
    // plaintext, available, headroom, whether it is scarce
    [6 * GIB, undefined, undefined, false],
    [6 * GIB, 7 * GIB, undefined, false],
    [6 * GIB, 6.5 * GIB, undefined, true],
    [6 * GIB, 100 * GIB, 6.5 * GIB, true],
    [100 * GIB, 102 * GIB, undefined, false],
    [100 * GIB, 102 * GIB - 1, undefined, true],
    [1 * GIB, 1.25 * GIB, undefined, false],
    [1 * GIB, 1.24 * GIB, undefined, true],
    [MIB, 66 * MIB, undefined, false],
  ])('tells where %d bytes of plaintext leave little of %d or %d', (bytes, available, headroom, scarce) => {
    expect(scarcity(bytes, facts(available, headroom)) !== undefined).toBe(scarce);
  });

  test('tells of what little is left, and how to mend it', () => {
    expect(scarcity(6 * GIB, facts(100 * GIB, 6.25 * GIB))).toMatch(
      /takes 6\.00 GiB and leaves only 256 MiB of this process's memory limit of 6\.00 GiB; .*Docker: .*--memory-allowance/,
    );
    expect(scarcity(6 * GIB, facts(5 * GIB))).toMatch(/leaves only 0 B of the machine's memory; .*systemd: /);
  });
});

describe('how many the kernel has killed for want of memory', () => {
  test('cgroup v2: in our own group, not in those that it is in', async () => {
    machine('0::/pod/own\n', v2Mount());
    v2('/pod', 'max', 0, { 'memory.events': 'low 0\noom 9\noom_kill 9\n' });
    v2('/pod/own', 'max', 0, { 'memory.events': 'low 0\noom 5\noom_kill 2\noom_group_kill 7\n' });
    expect(await oomKills(root)).toBe(2);
  });

  test('cgroup v1', async () => {
    machine('4:memory:/own\n', v1Mount());
    v1('/own', NONE);
    put(join(V1, 'own/memory.oom_control'), 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n');
    expect(await oomKills(root)).toBe(3);
  });

  test('none where it cannot be told', async () => {
    expect(await oomKills(root)).toBe(0);
    machine('0::/own\n', v2Mount());
    v2('/own', 'max', 0, { 'memory.events': 'oom 1\n' });
    expect(await oomKills(root)).toBe(0);
  });
});
