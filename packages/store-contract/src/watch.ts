import assert from 'node:assert/strict';
import type { ObjectStore } from '@weightseal/core';
import { findSecret } from './find-secret.js';

/** Looks for secrets in whatever stores, uploads and bodies throw. */
export class Watch {
  readonly #secrets: readonly Uint8Array[];
  readonly #found: string[] = [];

  constructor(secrets: readonly Uint8Array[]) {
    this.#secrets = secrets;
  }

  /** The same store, watched. */
  over(store: ObjectStore): ObjectStore {
    return this.#wrapped(store, '');
  }

  /** Fails where a secret was found; does not say which. */
  check(): void {
    assert.ok(this.#found.length === 0, `an error holds a secret: ${this.#found.join('; ')}`);
  }

  #search(error: unknown, what: string): void {
    for (const secret of this.#secrets) {
      const spelling = findSecret(error, secret);
      if (spelling !== undefined) this.#found.push(`that of ${what}, as ${spelling}`);
    }
  }

  /** What a method returns is watched as it is: a promise, an iterable, an object with methods of its own. */
  #wrapped<T>(value: T, what: string): T {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (value instanceof Promise)
      return value.then((got) => this.#wrapped(got, what), this.#rethrow(what)) as T;
    return new Proxy(value, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return this.#wrapped(member, what);
        const called = `${what}${what && '.'}${String(name)}`;
        return (...given: unknown[]) => {
          try {
            return this.#wrapped(Reflect.apply(member, target, given), called);
          } catch (error) {
            return this.#rethrow(called)(error);
          }
        };
      },
    });
  }

  #rethrow(what: string): (error: unknown) => never {
    return (error) => {
      this.#search(error, what);
      throw error;
    };
  }
}
