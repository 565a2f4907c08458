import { parentOf } from '../../format/path.js';
import { ADAPTER, baseOf, INDEX, shardsOf } from './documents.js';
import { numberedParts } from './numbered.js';
import { externalData } from './onnx.js';
import { beside, missingOf, presence } from './paths.js';
import type { Incomplete, ModelFile, Named } from './types.js';

/** Files of more bytes are not looked into. */
const MOST_BYTES = 16 * 1_048_576;
/** All that is read: a bundle that somebody made to be slow must not be. */
const MOST_READ = 16 * MOST_BYTES;
/** More findings tell nothing more. */
const MOST = 100;
/** Weights that are whole by themselves: what the formats of one purpose are called, and of the others the names that libraries give them. A part, or an adapter, is none. */
const WEIGHTS =
  /(?:^|\/)(?:[^/]+\.(?:safetensors|gguf)|(?:[a-z]+_)*model(?:\.[\w-]+)?\.(?:bin|h5|msgpack)|consolidated[^/]*\.pth)$/;
const PARTIAL = /(?:-\d{5}-of-\d{5}\.safetensors|(?:^|\/)adapter_model\.[^/]+)$/;
const SPEAKING = [INDEX, /\.onnx$/, ADAPTER];

/**
 * What a model's own files name and is not in its directory. Nothing of it is an error by itself: a worker may be given its shards only, and an adapter's base model lies where
 * it lies. An index of which no shard is there is passed over where another one beside it has all of its own, or whole weights lie there: whoever fetched the
 * model chose one of its formats.
 *
 * @param files all that the directory has
 * @param read the bytes of one of them, of at most 16 MiB; called for index files, adapters and ONNX models only, one after another
 */
export async function findIncomplete(
  files: readonly ModelFile[],
  read: (path: string) => Promise<Uint8Array>,
): Promise<Incomplete[]> {
  const has = presence(files);
  const indexed = new Set<string>();
  const indices: Named[] = [];
  const [missing, told]: [Incomplete[], Incomplete[]] = [[], []];
  for (const { path, kind } of speaking(files)) {
    if (kind === INDEX) indices.push(indexOf(path, await textOf(path, read), has));
    else if (kind === ADAPTER) push(told, adapterOf(path, await textOf(path, read), has));
    else push(missing, missingOf(path, 'external-data', externalData(await read(path)), has));
  }
  const whole = wholeWeights(files, indices);
  for (const index of indices) {
    for (const name of index.names) indexed.add(name);
    if (!isOtherFormat(index, indices, whole)) push(missing, index.found);
  }
  for (const one of numberedParts(files)) if (!indexed.has(one.file)) told.push(one);
  // However many adapters there are, they do not hide what cannot be loaded without.
  return [...missing, ...told].slice(0, MOST);
}

/** The files that are looked into, those first on which most depends. */
function* speaking(files: readonly ModelFile[]): Generator<{ readonly path: string; readonly kind: RegExp }> {
  let left = MOST_READ;
  for (const kind of SPEAKING)
    for (const { path, size } of files) {
      if (size === undefined || size > Math.min(MOST_BYTES, left) || !kind.test(path)) continue;
      left -= size;
      yield { path, kind };
    }
}

async function textOf(path: string, read: (path: string) => Promise<Uint8Array>): Promise<string> {
  // Some editors put a mark before UTF-8, which no reader of JSON takes.
  return Buffer.from(await read(path))
    .toString()
    .replace(/^\uFEFF/, '');
}

function indexOf(file: string, text: string, has: (path: string) => boolean): Named {
  const shards = shardsOf(text);
  const names = shards.flatMap((name) => beside(file, name) ?? []);
  return { found: missingOf(file, 'index', shards, has), names };
}

/** The directories with weights that are one file by themselves, and no shard of an index. */
function wholeWeights(files: readonly ModelFile[], indices: readonly Named[]): Set<string> {
  const shards = new Set(indices.flatMap(({ names }) => names));
  const weights = files.filter(({ path }) => WEIGHTS.test(path) && !PARTIAL.test(path) && !shards.has(path));
  return new Set(weights.map(({ path }) => parentOf(path)));
}

function isOtherFormat({ found, names }: Named, all: readonly Named[], whole: ReadonlySet<string>): boolean {
  if (found === undefined || found.count < names.length) return false;
  const directory = parentOf(found.file);
  return (
    whole.has(directory) ||
    all.some((other) => other.found === undefined && other.names.some((name) => parentOf(name) === directory))
  );
}

/** A base model is named by its place, from wherever the program runs, or by its name on the hub: only one that is a member is surely there. */
function adapterOf(file: string, text: string, has: (path: string) => boolean): Incomplete | undefined {
  const base = baseOf(text);
  if (base === undefined) return undefined;
  const places = [beside(file, base), beside('', base)];
  if (places.some((path) => path !== undefined && path !== '' && has(path))) return undefined;
  return { file, kind: 'adapter', missing: [base], count: 1 };
}

function push(all: Incomplete[], one: Incomplete | undefined): void {
  if (one !== undefined) all.push(one);
}
