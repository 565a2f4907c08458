import { keyWrappers } from '@weightseal/config';
import {
  canDescribe,
  canRotate,
  canScheduleRotation,
  defineProvider,
  type KeyWrapper,
} from '@weightseal/core';
import { expect, test } from 'vitest';
import { Folder } from './support/folder.js';

const FILE = 'keys: { first: "corp-kms://a", second: "corp-kms://a" }\nopen: [first, second]\n';

async function named(key: KeyWrapper): Promise<KeyWrapper[]> {
  await using folder = await Folder.with({ 'weightseal.config.yaml': FILE });
  const provider = defineProvider({ scheme: 'corp-kms', options: [], fromUri: () => key });
  const config = await folder.load({
    path: 'weightseal.config.yaml',
    providers: { 'corp-kms': provider },
  });
  return keyWrappers(config, ['first', 'second']);
}

const plain = (): KeyWrapper => ({
  provider: 'corp-kms',
  uri: 'corp-kms://a',
  wrap: async () => ({ keyUri: '', keyVersion: '', algorithm: '', ciphertext: new Uint8Array() }),
  unwrap: async () => new Uint8Array(32),
});

test('a key that two names mean has both, and stays as its provider has made it', async () => {
  const key = plain();
  const keys = await named(key);
  expect(keys.map(({ name, uri }) => [name, uri])).toEqual([
    ['first', 'corp-kms://a'],
    ['second', 'corp-kms://a'],
  ]);
  expect('name' in key).toBe(false);
});

test('a frozen key has a name', async () => {
  const [key] = await named(Object.freeze(plain()));
  expect(key!.name).toBe('first');
  expect(
    await key!.unwrap({ keyUri: '', keyVersion: '', algorithm: '', ciphertext: new Uint8Array() }, {}),
  ).toHaveLength(32);
});

test('what a class of keys can do is done by its own object, with all that is private to it', async () => {
  class Key {
    readonly provider = 'corp-kms';
    readonly uri = 'corp-kms://a';
    readonly #version = '7';
    async wrap() {
      return { keyUri: this.uri, keyVersion: this.#version, algorithm: 'x', ciphertext: new Uint8Array(1) };
    }
    async unwrap() {
      return new Uint8Array(Number(this.#version));
    }
    async rotate() {
      return this.#version;
    }
    async describe() {
      const primaryVersion = this.#version;
      return {
        uri: this.uri,
        primaryVersion,
        algorithm: 'x',
        state: 'enabled',
        protection: 'software',
      } as const;
    }
    fits() {
      return this.#version === '7';
    }
    effort() {
      return Number(this.#version);
    }
  }
  const [key] = await named(new Key());
  const slot = await key!.wrap(new Uint8Array(32), {});
  expect(slot.keyVersion).toBe('7');
  expect(await key!.unwrap(slot, {})).toHaveLength(7);
  expect([key!.fits!(slot), key!.effort!(slot)]).toEqual([true, 7]);
  expect(canRotate(key!) && (await key.rotate())).toBe('7');
  expect(canDescribe(key!) && (await key.describe()).primaryVersion).toBe('7');
  expect(canScheduleRotation(key!)).toBe(false);
});

test('a key that can no more than it must gets no more', async () => {
  const [key] = await named(plain());
  expect(Object.keys(key!).sort()).toEqual(['name', 'provider', 'unwrap', 'uri', 'wrap']);
});
