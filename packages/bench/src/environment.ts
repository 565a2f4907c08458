import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { tryCapture } from './process.ts';
import { formatSize, GIB } from './sizes.ts';

/** What the numbers depend on. */
export async function environment(): Promise<Record<string, string | number>> {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model ?? 'unknown processor',
    processors: availableParallelism(),
    memory: formatSize(Math.round(totalmem() / GIB) * GIB),
    kernel: release(),
    node: process.versions.node,
    nodeOpenssl: process.versions.openssl,
    openssl: (await tryCapture(['openssl', 'version'])) ?? 'none',
  };
}
