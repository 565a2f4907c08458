import { inOrder, isWeightsealError, MANIFEST_NAME } from '@weightseal/core';
import type { Grant } from '@weightseal/transit';
import { ENVELOPE, isHidden, joined } from '../http/path.js';
import type { Root } from '../root/root.js';
import { type Candidate, walk } from '../root/walk.js';
import { Flights } from './flights.js';
import type { Known } from './known.js';
import type { Asked } from './released.js';

const AHEAD = 16;
const PIECE = 32_768;

/** An entry of the index. */
export interface Entry extends Asked {
  readonly path: string;
  readonly kind: 'bundle' | 'file';
  readonly manifest?: string | undefined;
  readonly manifestSha256?: string | undefined;
  readonly sealedSize: number;
}

type File = Extract<Candidate, { kind: 'file' }>;

/** What of a root is sealed. All who ask while it is being looked for have what is found by the next look, which sees what was there when they asked. */
export class Releases {
  readonly #root: Root;
  readonly #known: Known;
  readonly #flights = new Flights<readonly Entry[]>();
  /** Which look is the next to begin. */
  #next = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(root: Root, known: Known) {
    this.#root = root;
    this.#known = known;
  }

  /** @throws what keeps a part of the root from being read: a list without it would look whole */
  async all(signal: AbortSignal): Promise<readonly Entry[]> {
    return await this.#flights.join(String(this.#next), signal, (ending) => {
      const look = async () => {
        this.#next++;
        return await this.#look(ending);
      };
      const looking = this.#last.then(look, look);
      this.#last = looking.catch(() => {});
      return looking;
    });
  }

  async #look(signal: AbortSignal): Promise<readonly Entry[]> {
    const isBundle = async (path: string) => {
      await using envelope = await this.#root.open(joined(path, ENVELOPE), signal);
      return envelope !== undefined && (await this.#known.isEnvelope(path, envelope, signal));
    };
    const found: Entry[] = [];
    const entries = inOrder(walk(this.#root, isBundle, signal), AHEAD, (candidate) =>
      this.#entryOf(candidate, signal),
    );
    for await (const entry of entries) if (entry) found.push(entry);
    return found;
  }

  /** Undefined for what is not sealed, or gone by now. */
  async #entryOf(candidate: Candidate, signal: AbortSignal): Promise<Entry | undefined> {
    if (isHidden(candidate.path)) return undefined;
    const look = () =>
      candidate.kind === 'bundle' ? this.#bundle(candidate.path, signal) : this.#file(candidate, signal);
    try {
      return await look();
    } catch (error) {
      // It is being replaced, and it is the new one then.
      if (isWeightsealError(error) && error.code === 'INPUT_CHANGED') return await look();
      throw error;
    }
  }

  async #bundle(path: string, signal: AbortSignal): Promise<Entry | undefined> {
    const at = joined(path, MANIFEST_NAME);
    await using envelope = await this.#root.open(joined(path, ENVELOPE), signal);
    await using document = envelope && (await this.#root.open(at, signal));
    const bundle = document && (await this.#known.bundle(path, envelope!, document, signal));
    if (!bundle) return undefined;
    const { asked, manifest: manifestSha256, sealedSize } = bundle;
    return { kind: 'bundle', path, ...asked, manifest: at, manifestSha256, sealedSize };
  }

  async #file(file: File, signal: AbortSignal): Promise<Entry | undefined> {
    const { path, manifest } = file;
    const before = await this.#before(file);
    if (before) return before.entry;
    await using found = await this.#root.open(path, signal);
    const asked = found && (await this.#known.asked(path, found, signal));
    if (!asked) return undefined;
    const at = `${path}.${MANIFEST_NAME}`;
    await using document = manifest && (await this.#root.open(at, signal));
    const sha256 = document && (await this.#known.manifest(path, found, at, document, signal));
    return fileEntry(path, asked, found.size, sha256);
  }

  /** What is known of a file that is the same: it is not opened again. */
  async #before({
    path,
    identity,
    manifest,
  }: File): Promise<{ readonly entry: Entry | undefined } | undefined> {
    const own = identity ?? (await this.#root.identity(path));
    const kept = own === undefined ? undefined : this.#known.before(path, own);
    if (!kept) return undefined;
    if (!kept.asked) return { entry: undefined };
    if (!manifest) return { entry: fileEntry(path, kept.asked, kept.size!, undefined) };
    const its = manifest.identity ?? (await this.#root.identity(`${path}.${MANIFEST_NAME}`));
    const read = its === undefined ? undefined : this.#known.manifestBefore(path, own!, its);
    return read && { entry: fileEntry(path, kept.asked, kept.size!, read.manifest) };
  }
}

function fileEntry(
  path: string,
  asked: Asked,
  sealedSize: number,
  manifestSha256: string | undefined,
): Entry {
  const beside = manifestSha256 !== undefined && { manifest: `${path}.${MANIFEST_NAME}`, manifestSha256 };
  return { kind: 'file', path, ...asked, ...beside, sealedSize };
}

/** The index in pieces, however long it is: what this client may have. */
export function* indexPieces(entries: readonly Entry[], grant: Grant): Generator<string, void, undefined> {
  let text = '{"format":"weightseal index v1","releases":[';
  let first = true;
  for (const entry of entries) {
    if (!grant.allows(entry.model, entry.version)) continue;
    text += `${first ? '' : ','}\n${JSON.stringify(shown(entry))}`;
    first = false;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield `${text}\n]}\n`;
}

function shown({ path, kind, model, version, byPath, manifest, manifestSha256, sealedSize }: Entry): object {
  return {
    path,
    kind,
    ...(!byPath && { model }),
    ...(version !== undefined && { version }),
    ...(manifest !== undefined && { manifest }),
    ...(manifestSha256 !== undefined && { manifestSha256 }),
    sealedSize,
  };
}
