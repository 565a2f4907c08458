import { basename } from 'node:path';
import { digestFor, type Plan } from '../engine/pass.js';
import { StreamDigest } from '../engine/stream-digest.js';
import { WeightsealError } from '../errors.js';
import { MANIFEST_NAME } from '../format/release-names.js';
import type { FileSource } from '../io/byte-source.js';
import { OutputFile } from '../io/output/output-file.js';
import { fileManifest } from '../release/file-manifest.js';
import { checkRelease, type ReleaseOptions } from '../release/manifest-head.js';
import { isLocation, type StoreLocation } from '../store/location.js';
import type { StoredObject } from '../store/object-store.js';
import { putDocument } from '../store/put-document.js';
import { removeObject } from '../store/remove-object.js';
import type { Sealer } from './sealer.js';

export interface ManifestOptions {
  /** Whether the sealed file's manifest is made beside it, under its name, a dot and `weightseal.manifest.json`; the default is true. */
  readonly manifest?: boolean | undefined;
  /** What its people call the release: it stands in the manifest, for everybody to read. */
  readonly release?: ReleaseOptions | undefined;
}

/** For removing what was written, whatever ended it: an abort above all. */
const UNDO_MS = 60_000;

/** What ended it is told, and not that this cannot be done either. */
async function undo(place: StoreLocation, { version }: StoredObject): Promise<void> {
  await removeObject(place, version, AbortSignal.timeout(UNDO_MS)).catch(() => {});
}

/** @throws INVALID_ARGUMENT */
export function checkManifestOptions({ manifest, release }: ManifestOptions): void {
  checkRelease(release);
  if (manifest !== false || release === undefined) return;
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    'The option `release` is for the manifest, and with `manifest: false` there is none; leave one of them out.',
  );
}

/**
 * The manifest of a sealed file, made while that is written (FORMAT.md §27): its digest is that of the bytes as they go by. It appears after the sealed file, which is whole without it.
 */
export class ManifestBeside implements AsyncDisposable {
  readonly #name: string;
  readonly #at: OutputFile | StoreLocation;
  #payload: { readonly sealer: Sealer; readonly digest: StreamDigest } | undefined;
  #size = 0;
  #bytes: Uint8Array | undefined;

  private constructor(name: string, at: OutputFile | StoreLocation) {
    this.#name = name;
    this.#at = at;
  }

  /** Before any work. @param alike whose owner and mode it gets. @throws INVALID_ARGUMENT, IO_ERROR */
  static async of(
    sealed: string | StoreLocation,
    { manifest = true }: ManifestOptions,
    alike?: FileSource,
  ): Promise<ManifestBeside | undefined> {
    if (!manifest) return undefined;
    if (isLocation(sealed)) {
      const at = { ...sealed, key: `${sealed.key}.${MANIFEST_NAME}` };
      return new ManifestBeside(basename(sealed.key), at);
    }
    const path = `${sealed}.${MANIFEST_NAME}`;
    // One that is there is of what was sealed there before.
    const file = await (alike ? OutputFile.alike(alike, path) : OutputFile.create(path, true, 0o666));
    return new ManifestBeside(basename(sealed), file);
  }

  async begin(sealer: Sealer, plan: Plan): Promise<void> {
    this.#payload = { sealer, digest: new StreamDigest(digestFor(plan)) };
    await this.update(sealer.floeHeader);
  }

  /** The next bytes of the payload, which are the caller's again when it resolves. */
  async update(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    await this.#payload?.digest.update(bytes);
  }

  /** The next bytes of the payload, as they lie in an open file by now. */
  updateFrom(fd: number, offset: number, length: number): void {
    this.#size += length;
    this.#payload?.digest.updateFrom(fd, offset, length);
  }

  /** Once all of the payload has gone by. @throws NO_SPACE, IO_ERROR */
  async make(release: ReleaseOptions | undefined): Promise<void> {
    const { sealer, digest } = this.#payload!;
    const sha256 = Buffer.from(await digest.finish()).toString('hex');
    const payload = { header: sealer.floeHeader, size: this.#size, sha256 };
    this.#bytes = fileManifest(sealer.core, payload, this.#name, release);
    if (isLocation(this.#at)) return;
    await this.#at.write(this.#bytes, 0);
    await this.#at.sync();
  }

  /**
   * Once the sealed file has its name. In a store it is two requests: what is new there does not stay without its manifest, and where something was replaced, nobody can call the second one off.
   *
   * @param made the sealed object, where there was none
   * @throws IO_ERROR, and what the store throws
   */
  async publish(made?: StoredObject, signal?: AbortSignal): Promise<void> {
    if (!isLocation(this.#at)) return await this.#at.publish();
    try {
      await putDocument(this.#at, this.#bytes!, undefined, made && signal);
    } catch (error) {
      if (made) await undo({ ...this.#at, key: made.key }, made);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#payload?.digest.end();
    if (!isLocation(this.#at)) await this.#at[Symbol.asyncDispose]();
  }
}
