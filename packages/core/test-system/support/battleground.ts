import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isWeightsealError, sealBundle } from '@weightseal/core';
import { expect } from 'vitest';
import { Script, Workplace } from './harness.js';
import { fixedKey } from './keys.mjs';

// A bundle, and somebody in a process of his own who changes it, or what is around it, while it is read or written (attacker.mjs).

const MIB = 1_048_576;
/** How often everything is tried; CI tries more often. */
const ROUNDS = process.env['WEIGHTSEAL_ROUNDS'];
const FEW = 10;
const SEED = 20_260_128;
export const SECRET = 'what is outside, and nobody’s business';
export const keys = [fixedKey('a')];
export const context = { version: '1' };
/** The members that are files: small ones, and one that is done by segments. */
export const NAMES: readonly string[] = [
  'a',
  'b',
  'config.json',
  'large',
  'sub/c',
  'sub/deep/d',
  'sub/deep/public.json',
];

/** What `attacker.mjs` is told, where it is not told the usual. */
export interface Attack {
  readonly target: string;
  readonly kinds: readonly string[];
  readonly sound?: string;
  readonly other?: string;
  readonly files?: readonly string[];
  readonly directories?: readonly string[];
  /** Names that are outside, too. */
  readonly names?: readonly string[];
  /** How often is enough where nobody asks for more. */
  readonly few?: number;
  /** How long he rests now and then: where what is attacked takes so long that it would never be done. */
  readonly restMs?: number;
  /** Whether the attack may come to nothing each time. */
  readonly harmless?: boolean;
}

export interface Attacker {
  /** While this runs, nobody changes anything. */
  paused<T>(look: () => T): Promise<T>;
}

export class Battleground implements Disposable {
  readonly #place = new Workplace(300 * MIB);
  #count = 0;
  /** A directory, another with other bytes, and the two sealed; the other in another context. */
  readonly source: string;
  readonly otherSource: string;
  readonly sound: string;
  readonly other: string;

  private constructor() {
    this.source = this.#plain('source', 1);
    this.otherSource = this.#plain('other-source', 2);
    this.sound = this.at('sound');
    this.other = this.at('other');
  }

  static async make(): Promise<Battleground> {
    const ground = new Battleground();
    process.env['XDG_STATE_HOME'] = ground.at('state');
    await sealBundle(ground.source, ground.sound, { keys, context, public: ['*.json'] });
    await sealBundle(ground.otherSource, ground.other, {
      keys,
      context: { version: '0' },
      public: ['*.json'],
    });
    return ground;
  }

  at(name: string): string {
    return this.#place.at(name);
  }

  #plain(name: string, seed: number): string {
    const at = this.at(name);
    mkdirSync(join(at, 'sub/deep'), { recursive: true });
    for (const [index, path] of NAMES.entries()) {
      const length = path === 'large' ? 4 * MIB + 77 : 1000 + index;
      // Bytes that tell what they are of, all along.
      writeFileSync(join(at, path), Buffer.alloc(length, `${seed} ${path};`));
    }
    return at;
  }

  /** What is not to be read or changed, with all the names of the bundle, and the attacker's own place. */
  #surroundings(names: readonly string[]): { outside: string; away: string } {
    const [outside, away] = [this.at(`outside-${this.#count}`), this.at(`away-${this.#count++}`)];
    mkdirSync(away);
    for (const below of ['', 'blobs']) {
      mkdirSync(join(outside, below, 'sub/deep'), { recursive: true });
      for (const path of ['secret', ...filesIn(this.sound), ...NAMES, ...names])
        writeFileSync(join(outside, below, path), `${SECRET} ${path}`);
    }
    execFileSync('mkfifo', [join(away, 'pipe')]);
    return { outside, away };
  }

  /** Tries again and again while somebody attacks. `round` says whether it was done; else it was refused. */
  async attacked(
    { few = FEW, names = [], harmless = false, ...attack }: Attack,
    round: (number: number, attacker: Attacker, away: string) => Promise<boolean>,
  ): Promise<void> {
    const { outside, away } = this.#surroundings(names);
    const before = contentOf(outside);
    await using script = new Script('attacker', {
      sound: this.sound,
      other: this.other,
      files: filesIn(this.sound),
      directories: ['sub', 'sub/deep'],
      ...attack,
      outside,
      away,
      seed: SEED,
    });
    await script.reached('begun');
    const attacker = { paused: <T>(look: () => T) => paused(script.pid, look) };
    let [done, refused] = [0, 0];
    // Until there were many, and each of the two was seen: else it would say nothing.
    const rounds = Number(ROUNDS ?? few);
    const seen = () => done > 0 && (harmless || refused > 0);
    for (let number = 0; number < rounds || !seen(); number++) {
      if (await round(number, attacker, away)) done++;
      else refused++;
      expect(script.child.exitCode).toBeNull();
    }
    await script.kill();
    expect(contentOf(outside)).toEqual(before);
  }

  [Symbol.dispose](): void {
    this.#place[Symbol.dispose]();
  }
}

async function paused<T>(pid: number, look: () => T): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  while (!/^.*\) T /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await sleep(1);
  try {
    return look();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Whether it was done. What was refused has a code; every other fault is one. */
export async function refusable(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isWeightsealError(error) || error.code === 'INTERNAL') throw error;
    expect(error.message).not.toContain(SECRET);
    return false;
  }
}

/** Regular files below; Node's own recursion follows links. */
export function filesIn(directory: string, below = ''): string[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((found) => {
    const path = join(below, found.name);
    return found.isDirectory() ? filesIn(directory, path) : found.isFile() ? [path] : [];
  });
}

/** Each of them, and what it holds. */
export function contentOf(directory: string): Record<string, string> {
  const all = filesIn(directory).map((path) => [path, readFileSync(join(directory, path), 'latin1')]);
  return Object.fromEntries(all) as Record<string, string>;
}
