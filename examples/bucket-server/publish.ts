// What a publisher does: seals a directory into the bucket, below a prefix of its own for each version, and says which one is the present one.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyWrapper, sealBundle } from '@weightseal/core';
import type { Bucket } from './bucket.ts';

/** Where the server looks for the version to serve. */
export const POINTER = 'digits/current';

export class Publisher {
  readonly #bucket: Bucket;
  readonly #directory: string;
  readonly #keys: readonly KeyWrapper[];

  /** @param directory for models as they are, before they are sealed */
  constructor(bucket: Bucket, directory: string, keys: readonly KeyWrapper[]) {
    this.#bucket = bucket;
    this.#directory = directory;
    this.#keys = keys;
  }

  /** @param context what it is sealed as, where that is not what its prefix says */
  async publish(version: string, model: Uint8Array, context: Record<string, string> = {}): Promise<void> {
    const plain = join(await mkdtemp(join(this.#directory, 'plain-')), 'digits');
    await mkdir(plain);
    await writeFile(join(plain, 'digits.onnx'), model);
    await writeFile(join(plain, 'labels.json'), JSON.stringify([...'0123456789']));
    await sealBundle(plain, this.#bucket.place(`digits/${version}`), {
      keys: this.#keys,
      context: { model: 'digits', version, ...context },
    });
  }

  /** Flips a bit of the weights, as someone would who can write to the bucket. */
  async tamper(version: string): Promise<void> {
    const name = `digits/${version}/digits.onnx.sealed`;
    const bytes = await this.#bucket.read(name);
    const at = bytes.length - 1000;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await this.#bucket.write(name, bytes);
  }

  /** Last: what it names has to be there. */
  async point(version: string): Promise<void> {
    await this.#bucket.write(POINTER, Buffer.from(`${version}\n`));
  }
}
