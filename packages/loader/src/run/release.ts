import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plaintext, Released } from '../plaintext.js';
import type { RunEvent } from './options.js';
import { type Endpoint, readyByDescriptor, readyByUrl } from './ready.js';
import type { Stage } from './stage.js';

const AGAIN_MS = 5_000;
/** Who ends with the command needs a moment to. */
const MOMENT_MS = 50;
const MOMENTS = 4;

/** What the command has started may outlive it, and still use the plaintext. */
export async function releaseAfter(plaintext: Plaintext): Promise<Released> {
  for (let moment = 0; ; moment++) {
    const how = await plaintext.clear(true).catch((): Released => 'freed');
    if (!isUsed(how) || moment === MOMENTS) return how;
    await sleep(MOMENT_MS);
  }
}

const isUsed = (how: Released): boolean => how === 'mapped' || how === 'open';

/** Wipes the plaintext once the command has loaded it. Tries again while a process uses it, until the command has ended. */
export async function clearWhenReady(
  child: ChildProcess,
  by: Endpoint | number,
  { plaintext, path }: Stage,
  given: number,
  tell: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const warn = (message: string) => tell({ event: 'warning', message });
  const ready =
    typeof by === 'number'
      ? readyByDescriptor(child.stdio.at(by) as Readable, signal)
      : readyByUrl(by, { pid: child.pid!, path }, signal, warn);
  if (!(await ready)) return;
  for (let before: Released | undefined; ; ) {
    const how = await plaintext.clear(true, given).catch((): Released => 'freed');
    if (how !== before) tell({ event: 'released', when: 'ready', how });
    if (!isUsed(how) || signal.aborted) return;
    before = how;
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}
