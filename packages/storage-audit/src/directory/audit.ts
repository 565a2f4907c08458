import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkOptions, checkPath, ioError, throwIfAborted } from '@weightseal/core';
import { findingOf, type Judgement, unread } from '../report/judge.js';
import type { Finding } from '../types.js';
import { lookBelow } from './below.js';
import { CHECKS, type DirectoryCheck } from './checks.js';
import { judgeEncryption } from './encryption.js';
import { judgeOwner, judgeRead, judgeWritten, type Looked } from './modes.js';
import { type DirectorySystem, LINUX, numberOf } from './system.js';
import { wayTo } from './way.js';

export interface DirectoryAuditOptions {
  /** Whether everything that lies there is sealed by weightseal. */
  readonly sealed?: boolean | undefined;
  /** The number of the user that it must belong to; this process's own, or root, unless told. */
  readonly owner?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Answers in place of this machine's kernel. */
  readonly system?: DirectorySystem | undefined;
}

/**
 * Looks at a directory of this machine: whether the machine encrypts what is written there and below it, whose it is, and who else may write or look into it, by the modes and owners of every
 * directory and link on the way, and of all that lies below. Of a file, at the directory that it is in. It reads only. What it says of encryption is
 * of Linux, and what of users is of systems that have modes; elsewhere that is `unread`.
 *
 * @throws INVALID_ARGUMENT, INPUT_NOT_FOUND, IO_ERROR where the kernel finds nothing there, ABORTED
 */
export async function auditDirectory(
  path: string | URL,
  options: DirectoryAuditOptions = {},
): Promise<Finding[]> {
  const kinds = { sealed: 'boolean', owner: 'any', signal: 'signal', system: 'object' } as const;
  checkOptions(options, kinds, 'auditDirectory');
  const { sealed = false, owner, signal, system = LINUX } = options;
  throwIfAborted(signal);
  const given = checkPath(path, 'What is audited');
  const { real, device, looked } = await lookedAt(given, owner, signal);
  const hasModes = process.platform !== 'win32';
  const ofModes = (judge: () => Judgement) =>
    hasModes ? judge() : unread('This system keeps users and rights in another way, which is not read.');
  const judgements: Readonly<Record<DirectoryCheck, Judgement>> = {
    encryption:
      process.platform === 'linux' || options.system
        ? await judgeEncryption(real, device, system, signal)
        : unread('Whether the disk is encrypted is read on Linux only.'),
    owner: ofModes(() => judgeOwner(looked)),
    written: ofModes(() => judgeWritten(looked)),
    read: ofModes(() => judgeRead(looked)),
  };
  return (Object.keys(CHECKS) as DirectoryCheck[]).map((check) =>
    findingOf(CHECKS[check], given, judgements[check], sealed),
  );
}

async function lookedAt(
  path: string,
  owner: number | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly real: string; readonly device: string; readonly looked: Looked }> {
  try {
    let real = await realpath(path);
    const steps = await wayTo(path);
    if (!(await stat(real)).isDirectory()) {
      real = dirname(real);
      steps.pop();
    }
    const own = steps.find((step) => step.path === real) ?? steps.at(-1)!;
    const way = steps.filter((step) => step !== own).reverse();
    const looked = { own, way, below: await lookBelow(real, owner, signal), owner };
    return { real, device: numberOf((await stat(real, { bigint: true })).dev), looked };
  } catch (error) {
    throw ioError(error, `look at ${path}`);
  }
}
