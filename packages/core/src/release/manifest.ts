import { hasControl } from '../format/bytes.js';
import {
  canonicalJson,
  hasExactly,
  isObject,
  type Json,
  parseCanonicalJson,
} from '../format/canonical-json.js';
import { type Context, contextProblem } from '../format/context.js';
import { FLOE_HEADER } from '../format/sizes.js';
import { isUtcTime } from '../format/utc-time.js';
import { checkManifestFiles } from './manifest-files.js';
import { isHexDigest, manifestInvalid } from './manifest-invalid.js';

// The distribution manifest: FORMAT.md §27. Pure.

/**
 * §27.2: the most bytes that one may have; a million files have fewer.
 *
 * @hidden
 */
export const MAX_MANIFEST = 268_435_456;
const FORMAT = 'weightseal-manifest/1';
const ID_BYTES = 16;
const MEMBERS: readonly string[] = ['context', 'created', 'files', 'format', 'id', 'kind', 'tool'];
const MAX_TEXT = 256;
/** Bytes of a piece in which a manifest is written. */
const PIECE = 65_536;

/** A file as it lies there. */
export interface ManifestFile {
  /** In the bundle; the name of a file by itself. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of its bytes, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Whether everybody can read it: a public member. */
  readonly public?: true | undefined;
}

/** What was released, for everybody to read and to compare. */
export interface Manifest {
  readonly kind: 'bundle' | 'file';
  /** The random id of the core document, 16 bytes. */
  readonly id: Uint8Array;
  /** Of a file: the header of its payload, 74 bytes. It commits to the payload's key, which nobody has who cannot open it; an id anybody can choose. */
  readonly header?: Uint8Array | undefined;
  readonly context: Context;
  /** In the order of the bytes of their paths. */
  readonly files: readonly ManifestFile[];
  /** Of the model. */
  readonly name?: string | undefined;
  /** Of the model, as its people count. */
  readonly version?: string | undefined;
  /** SHA-256 of the manifest of the release before this one, 64 lower-case hexadecimal digits. */
  readonly previous?: string | undefined;
  /** When it was made, RFC 3339 in UTC. */
  readonly created: string;
  /** What made it. */
  readonly tool: string;
}

/** What of a manifest is not its files. */
export type ManifestHead = Omit<Manifest, 'files'>;

/**
 * The bytes of a manifest, piece by piece: there may be a million files.
 *
 * @param files in the order of their paths
 */
export function* manifestPieces(head: ManifestHead, files: Iterable<ManifestFile>): Generator<Uint8Array> {
  const { id, header, context, kind, created, tool } = head;
  const before = Buffer.from(canonicalJson({ context, created })).toString().slice(0, -1);
  const after = canonicalJson({
    format: FORMAT,
    ...(header && { header: Buffer.from(header).toString('base64url') }),
    id: Buffer.from(id).toString('base64url'),
    kind,
    ...given(head, 'name'),
    ...given(head, 'previous'),
    tool,
    ...given(head, 'version'),
  });
  let text = `${before},"files":[`;
  let first = true;
  for (const { path, size, sha256, public: open } of files) {
    text += `${first ? '' : ','}{"path":${JSON.stringify(path)},${open ? '"public":1,' : ''}"sha256":"${sha256}","size":${size}}`;
    first = false;
    if (text.length < PIECE) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}],${Buffer.from(after).toString().slice(1)}`);
}

function given(
  head: ManifestHead,
  name: 'name' | 'previous' | 'version',
): { readonly [name: string]: string } {
  const value = head[name];
  return value === undefined ? {} : { [name]: value };
}

/** All of it. */
export function encodeManifest({ files, ...head }: Manifest): Uint8Array {
  return Buffer.concat([...manifestPieces(head, files)]);
}

/** @throws MANIFEST_INVALID */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST) throw manifestInvalid(`it has more than ${MAX_MANIFEST} bytes`);
  const value = parseCanonicalJson(bytes);
  if (!isObject(value)) throw manifestInvalid('it is no object in canonical JSON, or has a name twice');
  const optional = ['name', 'previous', 'version'].filter((name) => Object.hasOwn(value, name));
  const isFile = value['kind'] === 'file';
  if (value['format'] !== FORMAT) throw manifestInvalid(`its format is not ${FORMAT}`);
  if (!hasExactly(value, [...MEMBERS, ...(isFile ? ['header'] : []), ...optional]))
    throw manifestInvalid('it has other members than a manifest has');
  const { context, created, files, id, kind, tool } = value;
  const problem = contextProblem(context);
  if (problem !== undefined) throw manifestInvalid(`its context cannot be: ${problem}`);
  if (typeof created !== 'string' || !isUtcTime(created)) throw manifestInvalid('it tells no time');
  if (kind !== 'bundle' && kind !== 'file') throw manifestInvalid('it is of no bundle and no file');
  return {
    kind,
    id: bytesOf(id, ID_BYTES, 'id'),
    ...(isFile && { header: bytesOf(value['header'], FLOE_HEADER, 'header') }),
    context: context as Context,
    files: checkManifestFiles(files, kind),
    created,
    tool: textOf(tool, 'tool'),
    ...(Object.hasOwn(value, 'name') && { name: textOf(value['name'], 'name') }),
    ...(Object.hasOwn(value, 'version') && { version: textOf(value['version'], 'version') }),
    ...(Object.hasOwn(value, 'previous') && { previous: digestOf(value['previous']) }),
  };
}

/** What is wrong with a name or version of a model, to the end of a sentence. */
export function textProblem(text: unknown): string | undefined {
  if (typeof text !== 'string' || text === '' || !text.isWellFormed()) return 'is no text';
  if (text.length > MAX_TEXT) return `has more than ${MAX_TEXT} characters`;
  return hasControl(text) ? 'holds a control character' : undefined;
}

function bytesOf(value: Json | undefined, length: number, name: string): Uint8Array {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64url');
  if (bytes.length === length && bytes.toString('base64url') === value) return Uint8Array.from(bytes);
  throw manifestInvalid(`its ${name} is none`);
}

function textOf(value: Json | undefined, name: string): string {
  const problem = textProblem(value);
  if (problem !== undefined) throw manifestInvalid(`its ${name} ${problem}`);
  return value as string;
}

function digestOf(value: Json | undefined): string {
  if (isHexDigest(value)) return value;
  throw manifestInvalid('what it says of the release before is no digest');
}
