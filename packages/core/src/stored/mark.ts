import { removeObjects } from '../bundle/remove-objects.js';
import { createHash } from '../common/crypto.js';
import { WeightsealError } from '../errors.js';
import { SEALING_NAME } from '../format/path.js';
import { readExactly } from '../io/byte-source.js';
import { replaced } from '../store/answers.js';
import { findObject } from '../store/find-object.js';
import { below, type StoreLocation, uriOf } from '../store/location.js';
import { ObjectSource } from '../store/object-source.js';
import { codeOf } from '../store/outcome.js';
import { putDocument } from '../store/put-document.js';
import type { Piece } from './piece.js';

const MOST_BYTES = 4096;
const REMOVING_MS = 10_000;

/**
 * What stands below a prefix while a bundle is copied there (FORMAT.md §26.4): nobody seals to it meanwhile, and a sweep finds what was cut off. It says which bundle it is, so that the next copy of the
 * same one goes on.
 */
export class Mark {
  readonly #location: StoreLocation;
  readonly #bundle: string;
  /** Of a copy that was cut off, or is under way. */
  #found = false;

  private constructor(location: StoreLocation, bundle: string) {
    this.#location = location;
    this.#bundle = bundle;
  }

  /**
   * @returns undefined where nothing can be removed from the store
   * @throws OUTPUT_EXISTS where another bundle is made there, or was
   */
  static async put(
    location: StoreLocation,
    envelope: Piece,
    signal: AbortSignal | undefined,
  ): Promise<Mark | undefined> {
    if (!location.store.remove) return undefined;
    await using open = await envelope.open(signal);
    const document = await readExactly(open.source, 0, envelope.size, signal);
    const bundle = createHash('sha256').update(document).digest('hex').slice(0, 32);
    const mark = new Mark(location, bundle);
    const text = `${JSON.stringify({ copy: bundle, started: new Date().toISOString() })}\n`;
    try {
      await putDocument(below(location, SEALING_NAME), Buffer.from(text), { ifAbsent: true }, signal);
    } catch (error) {
      if (codeOf(error) !== 'OUTPUT_EXISTS') throw error;
      if (!(await mark.#isOurs(signal))) throw another(location, error);
      mark.#found = true;
    }
    return mark;
  }

  /** Just before the envelope. @throws INPUT_CHANGED when somebody has swept what took too long */
  async check(signal: AbortSignal): Promise<void> {
    if (!(await this.#isOurs(signal))) throw replaced(uriOf(below(this.#location, SEALING_NAME)));
  }

  /** Where nothing is written after all. */
  async undo(): Promise<void> {
    if (!this.#found) await this.remove();
  }

  async remove(): Promise<void> {
    await removeObjects(this.#location, [SEALING_NAME], AbortSignal.timeout(REMOVING_MS));
  }

  async #isOurs(signal: AbortSignal | undefined): Promise<boolean> {
    const place = below(this.#location, SEALING_NAME);
    if (!(await findObject(place, signal))) return false;
    await using source = await ObjectSource.open(place, { first: MOST_BYTES, signal });
    const bytes = await source.read(0, Math.min(source.size, MOST_BYTES), { signal });
    return Buffer.from(bytes).includes(`"copy":"${this.#bundle}"`);
  }
}

function another(location: StoreLocation, cause: unknown): WeightsealError {
  return new WeightsealError(
    'OUTPUT_EXISTS',
    `Below ${uriOf(location)} another bundle is being made, or was when somebody was cut off (${SEALING_NAME}). Wait for it, sweep what it left (weightseal sweep; \`sweepBundle\` in a program), or choose another name.`,
    { cause },
  );
}
