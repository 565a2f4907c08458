import { inapplicable, type Judgement, passed, unread } from '../report/judge.js';
import { type Mount, mountOf, mountsBelow, parseMounts } from './mounts.js';
import type { DirectorySystem } from './system.js';

/** What cryptsetup makes that encrypts; its dm-verity and dm-integrity, which begin with CRYPT- too, do not. */
const ENCRYPTS = /^CRYPT-(?:LUKS[12]|PLAIN|LOOPAES|TCRYPT|BITLK|FVAULT2)-/;
const IN_MEMORY = ['tmpfs', 'ramfs'];
/** Nobody stacks more devices. */
const MOST_DEPTH = 16;
const BELOW =
  'whether the disk itself, or the host that this machine runs on, encrypts cannot be seen from here.';

/** By fscrypt's mark on the directory, and by what the kernel says of the devices under its file system. */
export async function judgeEncryption(
  real: string,
  device: string,
  system: DirectorySystem,
  signal: AbortSignal | undefined,
): Promise<Judgement> {
  const attributes = await system.attributes(real, signal);
  const byItself = attributes?.includes('E')
    ? passed('Its file system encrypts it by a key of its own (fscrypt).')
    : undefined;
  try {
    const mounts = parseMounts(await system.mounts());
    const mount = mountOf(real, device, mounts);
    const own = byItself ?? (mount && (await ofMount(mount, device, system)));
    if (!own) return unread('On which file system it lies could not be told.');
    return own.outcome === 'unread' ? own : ((await unsafeBelow(real, mounts, system)) ?? own);
  } catch (error) {
    const { code = 'no reason' } = error as NodeJS.ErrnoException;
    return unread(`What lies under its file system could not be read (${code}).`);
  }
}

/** The first of what is mounted below that is not encrypted, for all that can be seen. Also what is hidden by another that was mounted over it: it comes to light when that goes. */
async function unsafeBelow(
  real: string,
  mounts: readonly Mount[],
  system: DirectorySystem,
): Promise<Judgement | undefined> {
  for (const mount of mountsBelow(real, mounts)) {
    const judged = await ofMount(mount, mount.device, system);
    if (judged.outcome === 'unread') return unread(`Below it, at ${mount.point}: ${judged.evidence}`);
  }
  return undefined;
}

async function ofMount({ type, source }: Mount, device: string, system: DirectorySystem): Promise<Judgement> {
  if (IN_MEMORY.includes(type)) return inapplicable(`It is memory (${type}); only swap writes it to a disk.`);
  if (type === 'ecryptfs') return passed('Its file system encrypts it (ecryptfs).');
  const own = device.startsWith('0:') ? undefined : device;
  const number = own ?? (source.startsWith('/dev/') ? await system.device(source) : undefined);
  if (number === undefined)
    return unread(`Its file system is ${type}: what lies under that is not seen from here.`);
  if (!(await isEncrypted(number, system, 0)))
    return unread(`Nothing on this machine encrypts it (no dm-crypt under ${source}, no fscrypt); ${BELOW}`);
  // It may have more devices than the one that it was mounted by.
  if (own === undefined)
    return unread(`${source} is encrypted; whether all devices of its ${type} are was not seen.`);
  return passed(`The device under its file system, ${source}, is encrypted (dm-crypt).`);
}

/** The device itself, or all devices that it is made of (LVM, RAID). */
async function isEncrypted(number: string, system: DirectorySystem, depth: number): Promise<boolean> {
  if (!/^\d+:\d+$/.test(number) || depth > MOST_DEPTH) return false;
  const at = `/sys/dev/block/${number}`;
  if (ENCRYPTS.test((await system.read(`${at}/dm/uuid`)) ?? '')) return true;
  const slaves = await system.names(`${at}/slaves`);
  for (const name of slaves) {
    const under = (await system.read(`${at}/slaves/${name}/dev`))?.trim();
    if (under === undefined || !(await isEncrypted(under, system, depth + 1))) return false;
  }
  return slaves.length > 0;
}
