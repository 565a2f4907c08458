import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { digestFor, type Plan } from '../engine/pass.js';
import { StreamDigest } from '../engine/stream-digest.js';
import { isWeightsealError, WeightsealError } from '../errors.js';
import { MANIFEST_NAME, SIGNATURE_NAME } from '../format/release-names.js';
import { FileSource } from '../io/byte-source.js';
import { OutputFile } from '../io/output/output-file.js';
import { untilAborted } from '../keys/until-aborted.js';
import { fileManifest } from '../release/file-manifest.js';
import { checkRelease, type ReleaseOptions } from '../release/manifest-head.js';
import { findObject } from '../store/find-object.js';
import { type StoreLocation, uriOf } from '../store/location.js';
import type { WriteCondition } from '../store/object-store.js';
import { checkCondition } from '../store/outcome.js';
import { putDocument } from '../store/put-document.js';
import type { Sealer } from './sealer.js';

export interface ManifestOptions {
  /** Whether the sealed file's manifest is made beside it, under its name, a dot and `weightseal.manifest.json`; the default is true. */
  readonly manifest?: boolean | undefined;
  /** What its people call the release: it stands in the manifest, for everybody to read. */
  readonly release?: ReleaseOptions | undefined;
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
  /** What messages call the sealed file. */
  readonly #sealed: string;
  readonly #to: OutputFile | InStore;
  #payload: { readonly sealer: Sealer; readonly digest: StreamDigest } | undefined;
  #size = 0;
  #bytes: Uint8Array | undefined;

  private constructor(name: string, sealed: string, to: OutputFile | InStore) {
    this.#name = name;
    this.#sealed = sealed;
    this.#to = to;
  }

  /**
   * Before any work.
   *
   * @param overwrite whether the manifest of another may be replaced: one that nobody has signed, and whose file is gone, may always
   * @param old the file that is resealed in its place: the manifest gets owner and mode of the one that it replaces, else of the file
   * @throws OUTPUT_EXISTS, INVALID_ARGUMENT, IO_ERROR, and what the store throws
   */
  static async of(
    sealed: string | StoreLocation,
    { manifest = true, signal }: ManifestOptions & { readonly signal?: AbortSignal | undefined },
    overwrite: boolean,
    old?: FileSource,
  ): Promise<ManifestBeside | undefined> {
    if (!manifest) return undefined;
    try {
      const replaces = overwrite || !(await isSigned(sealed, signal));
      if (typeof sealed === 'string') {
        const file = await fileBeside(`${sealed}.${MANIFEST_NAME}`, replaces, old);
        return new ManifestBeside(basename(sealed), sealed, file);
      }
      const at = { ...sealed, key: `${sealed.key}.${MANIFEST_NAME}` };
      const condition = replaces ? undefined : ({ ifAbsent: true } as const);
      await checkCondition(at, condition, signal);
      return new ManifestBeside(basename(sealed.key), uriOf(sealed), { at, condition });
    } catch (error) {
      throw withHint(
        error,
        'Without a manifest (--no-manifest; `manifest: false` in a program) it is not needed.',
      );
    }
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
  async updateFrom(fd: number, offset: number, length: number): Promise<void> {
    this.#size += length;
    await this.#payload?.digest.updateFrom(fd, offset, length);
  }

  /** Once all of the payload has gone by. @throws NO_SPACE, IO_ERROR, ABORTED */
  async make(release: ReleaseOptions | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { sealer, digest } = this.#payload!;
    const sha256 = Buffer.from(await untilAborted(signal, () => digest.finish())).toString('hex');
    const payload = { header: sealer.floeHeader, size: this.#size, sha256 };
    this.#bytes = fileManifest(sealer.core, payload, this.#name, release);
    if (!(this.#to instanceof OutputFile)) return;
    await this.#to.write(this.#bytes, 0);
    await this.#to.sync();
  }

  /** Once the sealed file has its name, which it keeps whatever becomes of this: nobody calls it off. @throws with a sentence of that, what writing throws */
  async publish(): Promise<void> {
    try {
      if (this.#to instanceof OutputFile) await this.#to.publish();
      else await putDocument(this.#to.at, this.#bytes!, this.#to.condition, undefined);
    } catch (error) {
      throw withHint(
        error,
        `${this.#sealed} is sealed and whole; only its manifest is missing, and \`weightseal sign\` makes it.`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#payload?.digest.end();
    if (this.#to instanceof OutputFile) await this.#to[Symbol.asyncDispose]();
  }
}

interface InStore {
  readonly at: StoreLocation;
  readonly condition: WriteCondition | undefined;
}

/** Who may not list a store is told so of what is not there. */
async function isSigned(sealed: string | StoreLocation, signal: AbortSignal | undefined): Promise<boolean> {
  if (typeof sealed === 'string') return await exists(`${sealed}.${SIGNATURE_NAME}`);
  const found = findObject({ ...sealed, key: `${sealed.key}.${SIGNATURE_NAME}` }, signal);
  return await found.then(
    (object) => object !== undefined,
    (error: unknown) => {
      if (isWeightsealError(error) && error.code === 'STORE_DENIED') return false;
      throw error;
    },
  );
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function fileBeside(
  path: string,
  overwrite: boolean,
  old: FileSource | undefined,
): Promise<OutputFile> {
  // What replaces nothing gets its name in one step, and a kill leaves nothing.
  if (!old) return await OutputFile.create(path, overwrite && (await exists(path)), 0o666);
  const there = await FileSource.open(path).catch(() => undefined);
  if (!there) return await OutputFile.alike(old, path);
  await using _there = there;
  return await OutputFile.alike(there, path);
}

function withHint(error: unknown, hint: string): unknown {
  if (!isWeightsealError(error)) return error;
  return new WeightsealError(error.code, `${error.message} ${hint}`, { cause: error });
}
