import { hasExactly, isObject, type Json } from '../format/canonical-json.js';
import {
  comparePaths,
  folded,
  isReserved,
  MAX_MEMBERS,
  parentOf,
  pathProblem,
  shown,
  TABLE_NAME,
} from '../format/path.js';
import type { Manifest, ManifestFile } from './manifest.js';
import { isHexDigest, manifestInvalid } from './manifest-invalid.js';

const ASCII = /^[\x20-\x7e]*$/;

/** FORMAT.md §27.4: what the files of a manifest must be, to one another too. @throws MANIFEST_INVALID */
export function checkManifestFiles(value: Json | undefined, kind: Manifest['kind']): readonly ManifestFile[] {
  if (!Array.isArray(value)) throw manifestInvalid('it has no list of files');
  // A member each, and the table.
  if (value.length > MAX_MEMBERS + 1) throw manifestInvalid(`it has more than ${MAX_MEMBERS} files`);
  const rules = new FileRules();
  for (const one of value as Json[]) rules.add(fileIn(one));
  rules.end();
  const { files } = rules;
  if (kind === 'file' && (files.length !== 1 || files[0]!.path.includes('/')))
    throw manifestInvalid('it is of one file, and names others');
  if (kind === 'bundle' && !files.some(({ path }) => path === TABLE_NAME))
    throw manifestInvalid(`it is of a bundle, and has no ${TABLE_NAME}`);
  return files;
}

function fileIn(value: Json): ManifestFile {
  if (!isObject(value)) throw manifestInvalid('a file is no object');
  const open = Object.hasOwn(value, 'public');
  if (!hasExactly(value, ['path', 'sha256', 'size', ...(open ? ['public'] : [])]))
    throw manifestInvalid('a file has other members than a file has');
  const { path, sha256, size } = value;
  if (typeof path !== 'string') throw manifestInvalid('a path is no text');
  const problem = pathProblem(path);
  if (problem !== undefined) throw manifestInvalid(`of the path ${shown(path)}, ${problem}`);
  if (!isHexDigest(sha256)) throw manifestInvalid(`the digest of ${shown(path)} is none`);
  if (typeof size !== 'number' || size < 0) throw manifestInvalid(`the size of ${shown(path)} is none`);
  if (open && value['public'] !== 1) throw manifestInvalid(`${shown(path)} is public, or not`);
  return { path, size, sha256, ...(open && { public: true }) };
}

/** Takes the files one after another, and refuses the first that does not fit to those before it. */
class FileRules {
  readonly files: ManifestFile[] = [];
  readonly #folded = new Set<string>();
  readonly #above = new Set(['']);
  #last = '';
  #bytes = 0;

  add(file: ManifestFile): void {
    const { path, size } = file;
    if (comparePaths(this.#last, path) >= 0)
      throw manifestInvalid('its files are not in the order of their paths, or one is there twice');
    this.#last = path;
    if (path !== TABLE_NAME && isReserved(path))
      throw manifestInvalid(`${shown(path)} is no file that was released`);
    const one = ASCII.test(path) ? path.toUpperCase() : folded(path);
    if (this.#folded.has(one))
      throw manifestInvalid(`other systems take ${shown(path)} for another of its files`);
    this.#folded.add(one);
    if (this.#bytes + size > Number.MAX_SAFE_INTEGER)
      throw manifestInvalid('its sizes add up to 2^53 or more');
    this.#bytes += size;
    for (let at = parentOf(path); !this.#above.has(at); at = parentOf(at)) this.#above.add(at);
    this.files.push(file);
  }

  end(): void {
    for (const { path } of this.files)
      if (this.#above.has(path)) throw manifestInvalid(`${shown(path)} is a file, and a directory`);
  }
}
