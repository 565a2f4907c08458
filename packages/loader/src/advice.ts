import { inUnits } from './size.js';

const MIB = 1_048_576;

/** Where there is no file system in memory to write to. */
export const noMemoryFs: string =
  'Docker: docker run --tmpfs /run/weightseal:size=SIZE,mode=0700 (and uid=UID for another user than root), or --shm-size=SIZE. ' +
  'Kubernetes: mount a volume emptyDir: {medium: Memory, sizeLimit: SIZE} and give the container a memory limit that covers it. ' +
  'systemd: RuntimeDirectory=weightseal with RuntimeDirectoryMode=0700, which is on /run, or TemporaryFileSystem=/run/weightseal:size=SIZE,mode=0700. ' +
  'Otherwise: mount -t tmpfs -o size=SIZE,mode=0700 tmpfs /run/weightseal.';

/** Where the file system in memory is smaller than the plaintext. */
export function tooSmall(bytes: number): string {
  const mib = wholeMib(bytes);
  return (
    `Docker: --shm-size=${mib}m, or --tmpfs PATH:size=${mib}m. ` +
    `Kubernetes: emptyDir: {medium: Memory, sizeLimit: ${mib}Mi}. ` +
    `systemd: TemporaryFileSystem=PATH:size=${mib}M. ` +
    `Otherwise: mount -o remount,size=${mib}m PATH.`
  );
}

/** Where a limit on this process's memory leaves too little. */
export function memoryLimit(bytes: number): string {
  return (
    `Files in memory count towards that limit, so it must cover ${inUnits(bytes)} and what the program itself takes. ` +
    'Docker: docker run --memory=SIZE. Kubernetes: resources.limits.memory. ' +
    'systemd: MemoryMax= and MemoryHigh=. Otherwise: raise the limit of the control group.'
  );
}

/** Where the machine as a whole has too little. */
export function machineMemory(bytes: number): string {
  return (
    'Stop other programs, or use a machine with more memory. ' +
    'Docker: where it runs in a virtual machine (Docker Desktop), give that more. ' +
    `Kubernetes: resources.requests.memory of ${wholeMib(bytes)}Mi and what the program takes, so that the pod is put where there is room. ` +
    'systemd: cap its neighbours with MemoryMax=.'
  );
}

/** Where the pages can be swapped out. With cgroup v1 nothing but a machine without swap will do. */
export const swap: string =
  'Linux: swapoff -a, or let weightseal mount a tmpfs with noswap (Linux 6.4, CAP_SYS_ADMIN). ' +
  'Docker: --memory-swap equal to --memory, with cgroup v2. ' +
  'Kubernetes: swapBehavior: NoSwap for the kubelet. ' +
  'systemd: MemorySwapMax=0.';

/** Where a tmpfs that is there is mounted with noexec, as Docker does with /dev/shm. */
export const noexec: string =
  'nothing can be executed in the tmpfs that is used (it is mounted with noexec): libraries cannot be loaded from there, nor what is compiled into a cache. ' +
  'Name one that allows it (--directory); Docker: --tmpfs /run/weightseal:exec,size=SIZE,mode=0700.';

function wholeMib(bytes: number): number {
  return Math.ceil(bytes / MIB) + 1;
}
