import { allHold, type Context } from './condition.js';
import type { Policy, Statement } from './document.js';
import { inPartitionOf } from './partition.js';
import { type Caller, callersOf, isMeant } from './principal.js';
import { type BucketArn, isAction } from './request.js';
import { certainly, type Names, possibly, tooIntricate } from './some-key.js';
import type { Truth } from './truth.js';

/** A statement, and what it is about whoever asks, and at most. */
export interface Ready {
  readonly index: number;
  readonly statement: Statement;
  readonly certain: Names;
  readonly possible: Names;
}

/** A few seconds at most, for all that is asked of one policy together. Those that people write take some hundred thousands, long ones too. */
const MAX_STEPS = 10_000_000;

const begun = new WeakMap<Policy, Judging>();

/** A policy that is judged: what was found out once is not looked for again, and it ends. A policy is read once in an audit, and so is judged by one of these. */
export class Judging {
  readonly bucket: BucketArn;
  readonly statements: readonly Ready[];
  readonly denying: readonly Ready[];
  #left = MAX_STEPS;
  readonly #found = new Map<string, unknown>();
  readonly #held = new WeakMap<Context, Map<number, Truth>>();

  private constructor(policy: Policy, bucket: BucketArn) {
    this.bucket = bucket;
    this.statements = inPartitionOf(policy, bucket).statements.map((statement, index) => ({
      index,
      statement,
      certain: certainly(statement.resources),
      possible: possibly(statement.resources),
    }));
    this.denying = this.statements.filter(({ statement }) => statement.effect === 'Deny');
  }

  static of(policy: Policy, bucket: BucketArn): Judging {
    const known = begun.get(policy);
    if (known?.bucket === bucket) return known;
    const made = new Judging(policy, bucket);
    begun.set(policy, made);
    return made;
  }

  /** @throws STORE_UNSUPPORTED when it has come to too many */
  readonly spend = (steps: number): void => {
    this.#left -= steps;
    if (this.#left < 0) throw tooIntricate();
  };

  once<T>(name: string, find: () => T): T {
    if (!this.#found.has(name)) this.#found.set(name, find());
    return this.#found.get(name) as T;
  }

  /** Those that no Deny tells apart are one. */
  callers(): readonly Caller[] {
    return this.once('callers', () => {
      const policy = { statements: this.statements.map(({ statement }) => statement) };
      return this.apart(callersOf(policy), (caller) => [
        caller.kind === 'anonymous',
        ...this.denying.map(({ statement }) => isMeant(caller, statement.who)),
      ]);
    });
  }

  /** The first of each that differ in what is told of them. */
  apart<T>(all: readonly T[], tell: (one: T) => readonly Truth[]): readonly T[] {
    const first = new Map<string, T>();
    for (const one of all) {
      this.spend(this.statements.length);
      const told = tell(one).join();
      if (!first.has(told)) first.set(told, one);
    }
    return [...first.values()];
  }

  isAction({ index, statement }: Ready, action: string): boolean {
    this.spend(1);
    return this.once(`action ${index} ${action}`, () => {
      this.spend(statement.actions.patterns.length);
      return isAction(statement.actions, action);
    });
  }

  /** Whether its conditions hold. */
  holds({ index, statement }: Ready, context: Context): Truth {
    this.spend(1);
    const held = this.#held.get(context) ?? new Map<number, Truth>();
    this.#held.set(context, held);
    if (!held.has(index)) {
      for (const { values } of statement.conditions) this.spend(values.length);
      held.set(index, allHold(statement.conditions, context));
    }
    return held.get(index);
  }
}
