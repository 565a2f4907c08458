import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { sealToFile } from '@weightseal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalKey, generateKeyFile } from '../../kms-local/dist/index.js';
import { Script, Workplace } from './support/harness.js';
import { searchMemory } from './support/memory-search.mjs';
import { writePlaintext } from './support/plaintext.js';
import { kekOf, secretsOf, spellings } from './support/secrets.mjs';

const BYTES = 20 * 1_048_576;

let place: Workplace;
let keyFile: string;

beforeAll(async () => {
  place = new Workplace(4 * BYTES);
  keyFile = place.at('key');
  await generateKeyFile(keyFile);
  writePlaintext(place.at('plain'), BYTES, 1);
  await sealToFile(place.at('plain'), place.at('sealed'), { keys: [createLocalKey({ path: keyFile })] });
}, 60_000);

afterAll(() => place[Symbol.dispose]());

/** A child that has got somewhere, and what can be found in its memory. */
class Suspect implements AsyncDisposable {
  readonly #script: Script;
  readonly #marker = randomBytes(48);
  readonly #sealed: string;

  constructor(operation: string) {
    const input = place.at(`input-${operation}`);
    const output = place.at(`output-${operation}`);
    copyFileSync(place.at(operation === 'seal' ? 'plain' : 'sealed'), input);
    this.#sealed = operation === 'seal' ? output : input;
    const marker = [...this.#marker.toString('hex')].reverse().join('');
    this.#script = new Script('hold', { operation, input, output, keyFile, marker });
  }

  secrets(): Promise<Record<string, Buffer>> {
    return secretsOf(this.#sealed, createLocalKey({ path: keyFile }).unwrap);
  }

  /** The spellings of secrets that stand somewhere in the child's memory. */
  async found(state: string, more: Record<string, Buffer> = {}): Promise<string[]> {
    expect(await this.#script.reached(state)).toBe(true);
    const secrets = { ...(await this.secrets()), ...more, kek: kekOf(keyFile) };
    const { found } = searchMemory(this.#script.pid, { control: this.#marker, ...spellings(secrets) });
    const names = new Set(found.map(({ name }) => name));
    expect(names.delete('control'), 'the search finds what was planted').toBe(true);
    return [...names].sort();
  }

  proceed(): void {
    this.#script.child.stdin!.write('\n');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#script[Symbol.asyncDispose]();
  }
}

describe.skipIf(process.platform !== 'linux')('no key is left in a process’s memory (on Linux)', () => {
  test.each(['seal', 'open', 'rewrap', 'reseal', 'fail'])(
    'after %s',
    { timeout: 180_000 },
    async (operation) => {
      await using suspect = new Suspect(operation);
      const before = operation === 'reseal' ? await suspect.secrets() : {};
      const old = Object.fromEntries(Object.entries(before).map(([name, key]) => [`old ${name}`, key]));
      expect(await suspect.found('done', old)).toEqual([]);
    },
  );

  test('after a reader was disposed of; while it is open, only what it reads with', {
    timeout: 180_000,
  }, async () => {
    await using suspect = new Suspect('reader');
    const held = ['dataKey', 'messageKey', 'segmentKey'].flatMap((name) => [
      `${name}, first half`,
      `${name}, second half`,
    ]);
    expect(await suspect.found('open')).toEqual(held);
    suspect.proceed();
    expect(await suspect.found('done')).toEqual([]);
  });
});
