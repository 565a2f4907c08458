import { readFileSync } from 'node:fs';
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { closing } from '@weightseal/core';
import {
  type Descriptor,
  descriptorsTo,
  hasEnded,
  isForbidden,
  type Sought,
  soughtAmong,
} from './descriptors.js';
import { type InodeId, keyOf } from './inode-id.js';
import { unescaped } from './machine/mount-info.js';

/** An inode, and the descriptors of it that are no use of it. */
export interface Wanted extends InodeId {
  /** Descriptors of this process that its user knows of. */
  readonly own?: readonly number[] | undefined;
  /** The descriptor that we gave a command, by its number. What was inherited from it is the same one; what was opened anew, or has another number, is not. */
  readonly given?: number | undefined;
}

/** `mapped` where a process maps it, else `open` where one has it open. One that cannot be looked into may do both. */
export type Use = 'mapped' | 'open' | 'none';

export interface Question {
  readonly inodes: readonly Wanted[];
  /** Whether something is mounted at, or below, one of these paths. */
  readonly mountPoints?: readonly string[] | undefined;
}

export interface Answer {
  /** In the order of the inodes. */
  readonly uses: readonly Use[];
  readonly mounted: boolean;
}

/** What is asked while a scan is under way is answered together by the next: one that begins later than the question misses nothing. */
const waiting: { readonly question: Question; readonly resolve: (answer: Answer | undefined) => void }[] = [];
let scanning = false;

/**
 * What processes use. One that may not be looked into counts as one that does, when it is ours or comes from us: it may have been given the descriptor. Processes of
 * others cannot open a file of mode 0600; those of other PID namespaces are not seen. Undefined where /proc cannot be read at all.
 */
export function usesOf(question: Question): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    waiting.push({ question, resolve });
    if (!scanning) void answerAll();
  });
}

async function answerAll(): Promise<void> {
  scanning = true;
  while (waiting.length > 0) {
    const asked = waiting.splice(0);
    const scan = await Scan.all(asked.map(({ question }) => question)).catch(() => undefined);
    for (const { question, resolve } of asked) resolve(scan?.answer(question));
  }
  scanning = false;
}

/** As many threads as the system's pool has. */
const SIDE_BY_SIDE = 4;

/** One pass over /proc, for all that was asked. */
class Scan {
  readonly #sought: Sought;
  /** Paths are bytes; lines are compared as such, each a character. */
  readonly #points: readonly string[];
  readonly #mapped = new Set<string>();
  readonly #mounted = new Set<string>();
  readonly #open: { readonly pid: number; readonly descriptor: Descriptor }[] = [];
  /** As this /proc calls us, which may be that of another PID namespace. */
  readonly #self: number;
  #hidden = false;

  private constructor(questions: readonly Question[], self: number) {
    this.#self = self;
    this.#sought = soughtAmong(questions.flatMap(({ inodes }) => inodes));
    this.#points = [...new Set(questions.flatMap(({ mountPoints = [] }) => mountPoints.map(bytesOf)))];
  }

  static async all(questions: readonly Question[]): Promise<Scan | undefined> {
    const self = await readlink('/proc/self');
    const scan = new Scan(questions, Number(self));
    const processes = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).values();
    const look = async () => {
      for (const name of processes) await scan.#look(Number(name));
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, look));
    return scan;
  }

  answer({ inodes, mountPoints = [] }: Question): Answer {
    return {
      uses: inodes.map((one) => this.#useOf(one)),
      mounted: this.#hidden || mountPoints.some((path) => this.#mounted.has(bytesOf(path))),
    };
  }

  #useOf({ own = [], given, ...inode }: Wanted): Use {
    const key = keyOf(inode);
    if (this.#hidden || this.#mapped.has(key)) return 'mapped';
    const used = this.#open.some(
      ({ pid, descriptor: { fd, marked, key: of } }) =>
        of === key && !(pid === this.#self && own.includes(fd)) && !(fd === given && marked),
    );
    return used ? 'open' : 'none';
  }

  async #look(pid: number): Promise<void> {
    try {
      if (this.#sought.keys.size > 0) await this.#files(pid);
      if (this.#points.length > 0) await eachLine(`/proc/${pid}/mountinfo`, (line) => this.#mount(line));
    } catch (error) {
      if (hasEnded(error)) return;
      // What else keeps us from looking (no descriptor left) leaves it open who uses what.
      if (!isForbidden(error)) throw error;
      if (await mayBeOurs(pid, this.#self)) this.#hidden = true;
    }
  }

  async #files(pid: number): Promise<void> {
    for (const directory of await alive(pid)) {
      // What is closed while it is mapped is seen in one of the two when the mappings come last.
      const found = await descriptorsTo(directory, this.#sought);
      this.#open.push(...found.map((descriptor) => ({ pid, descriptor })));
      await eachLine(`${directory}/maps`, (line) => {
        // address perms offset dev inode pathname
        const key = line.split(' ', 5).slice(3).join(' ');
        if (this.#sought.keys.has(key)) this.#mapped.add(key);
      });
    }
  }

  #mount(line: string): void {
    // id parent major:minor root mount-point options … What else stands there others can choose.
    const point = unescaped(line.split(' ', 5)[4] ?? '');
    for (const path of this.#points) {
      if (point === path || point.startsWith(`${path}/`)) this.#mounted.add(path);
    }
  }
}

const bytesOf = (path: string): string => Buffer.from(path).toString('latin1');

/** PF_KTHREAD of the kernel: a thread of its own, which has neither memory nor descriptors. */
const KERNEL_THREAD = 0x0020_0000;

/** Where a process can be looked at. When its first thread has ended, and others go on, that one has neither memory nor descriptors any more. */
async function alive(pid: number): Promise<string[]> {
  const directory = `/proc/${pid}`;
  const stat = readFileSync(`${directory}/stat`, 'latin1');
  const [state = '', , , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if ((Number(flags) & KERNEL_THREAD) !== 0) return [];
  if (state !== 'Z' && state !== 'X') return [directory];
  const threads = await readdir(`${directory}/task`);
  return threads.filter((thread) => thread !== String(pid)).map((thread) => `${directory}/task/${thread}`);
}

const CHUNK = 65_536;

/** In pieces, since a large process has megabytes of it. */
async function eachLine(path: string, tell: (line: string) => void): Promise<void> {
  const handle = await open(path, 'r');
  await using _handle = closing(handle);
  let rest = '';
  for (const chunk = Buffer.allocUnsafe(CHUNK); ; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK, null);
    if (bytesRead === 0) return;
    const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(tell);
  }
}

/** Whether the process runs as our user, or descends from us, whoever it is by now. */
async function mayBeOurs(pid: number, self: number): Promise<boolean> {
  for (let at = pid; at > 1; ) {
    if (at === self) return true;
    const status = await readFile(`/proc/${at}/status`, 'latin1').catch((error: unknown) => {
      if (hasEnded(error)) return '';
      throw error;
    });
    const uids = /^Uid:\s*(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
    if (at === pid && uids.includes(String(process.geteuid?.()))) return true;
    at = Number(/^PPid:\s*([0-9]+)$/m.exec(status)?.[1] ?? 0);
  }
  return false;
}
