import { WeightsealError } from '../errors.js';
import { isFloeHeader } from '../format/floe.js';
import { comparePaths, isReserved, parentOf, shown } from '../format/path.js';
import type { MemberRecord } from '../format/records.js';
import { OVERHEAD } from '../format/sizes.js';
import { BundleFiles, type Entry, entryAt, isFile, ownNameOf } from './entry.js';
import { tableInvalid } from './line.js';

// FORMAT.md §20.3: what the lines of a table must be to one another. Checked by readers, and by writers of what they are about to write.
/** FLOE's AEAD_MAX_SEGMENTS. */
const MAX_SEGMENTS = 2 ** 40;

/** §20.3.4, before anything of that size is allocated. @throws TABLE_INVALID */
export function checkHeader({ kind, size }: Entry, { header }: MemberRecord): void {
  if (kind !== 'sealed') return;
  if (!isFloeHeader(header)) throw tableInvalid('the header of a payload is none of FLOE');
  const perSegment = new DataView(header.buffer, header.byteOffset).getUint32(2) - OVERHEAD;
  if (size / perSegment > MAX_SEGMENTS) throw tableInvalid('a payload has more than 2^40 segments');
}

/** Takes the lines of a table one after another, and refuses the first that does not fit to those before it. Who gives them collects them too. */
export class TableRules {
  readonly #before: readonly Entry[];
  readonly #files: BundleFiles;
  readonly #directories = new Set(['']);
  readonly #above = new Set(['']);
  readonly #links: Entry[] = [];
  #last = '';
  #bytes = 0;

  /** @param before the lines that have been taken: the caller adds each once it has been */
  constructor(before: readonly Entry[]) {
    this.#before = before;
    this.#files = new BundleFiles(before);
  }

  /** @throws TABLE_INVALID */
  add(entry: Entry): void {
    const { kind, path, size } = entry;
    if (comparePaths(this.#last, path) >= 0)
      throw tableInvalid('its lines are not in the order of their paths, or one is there twice');
    this.#last = path;
    if (!this.#directories.has(parentOf(path)))
      throw tableInvalid('a member is in no directory of the table');
    if (this.#bytes + size > Number.MAX_SAFE_INTEGER) throw tableInvalid('its sizes add up to 2^53 or more');
    this.#bytes += size;
    if (kind === 'directory') this.#directories.add(path);
    else if (kind === 'link') this.#links.push(entry);
    else this.#addFile(entry);
  }

  #addFile(entry: Entry): void {
    const file = ownNameOf(entry);
    const isNew = this.#files.add(entry);
    if (!isNew || (file !== undefined && isReserved(file)))
      throw tableInvalid('a name in the bundle is used twice');
    for (let above = parentOf(file ?? entry.path); !this.#above.has(above); above = parentOf(above)) {
      if (isReserved(above)) throw tableInvalid("a directory has a name that is the bundle's own");
      this.#above.add(above);
    }
  }

  /** What can be said only of all of them. @throws TABLE_INVALID, LINK_INVALID */
  end(): void {
    for (const directory of this.#above) {
      if (this.#files.has(directory)) throw tableInvalid('a name in the bundle is a file and a directory');
    }
    const fileAt = (path: string) => {
      const found = entryAt(this.#before, path);
      return found !== undefined && isFile(found);
    };
    const problem = linkProblem(this.#links, fileAt, (path) => this.#directories.has(path));
    if (problem) throw problem;
  }
}

/** FORMAT.md §23: a link leads to a file or directory of the bundle, and round in no circle. */
function linkProblem(
  links: readonly Entry[],
  isFileAt: (path: string) => boolean,
  isDirectory: (path: string) => boolean,
): WeightsealError | undefined {
  const above = new Set<string>();
  for (const { path } of links) {
    for (let at = parentOf(path); at !== '' && !above.has(at); at = parentOf(at)) above.add(at);
  }
  for (const { path, target } of links) {
    if (isFileAt(target!)) continue;
    if (!isDirectory(target!)) return linkInvalid(path, 'it leads to no file and no directory of the bundle');
    if (above.has(target!))
      return linkInvalid(
        path,
        'it leads to a directory that holds links, and so could lead round in a circle',
      );
  }
  return undefined;
}

export function linkInvalid(path: string, problem: string): WeightsealError {
  return new WeightsealError('LINK_INVALID', `The link ${shown(path)} cannot be in a bundle: ${problem}.`);
}
