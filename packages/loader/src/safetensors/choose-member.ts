import { type BundleMember, type BundleReader, WeightsealError } from '@weightseal/core';
import { quoted } from './invalid.js';

/** The one that Hugging Face's libraries look for. */
const USUAL = 'model.safetensors.index.json';
/** `model.safetensors.index.json`, `diffusion_pytorch_model.safetensors.index.fp16.json`. */
const INDEX = /\.safetensors\.index(?:\.[\w-]+)?\.json$/;
const SHARD = /\.safetensors$/;
/** FORMAT.md §22: no member is deeper, or has a longer path, and whoever wrote an index may want the look to take long. */
const [MAX_DEPTH, MAX_PATH] = [64, 2048];
/** How many names a sentence has. */
const NAMED = 5;

/** What a bundle's tensors are found by. */
export interface Chosen {
  readonly path: string;
  readonly kind: 'index' | 'file';
}

/**
 * The member by which tensors are found: what the caller names, the usual index, the only index that there is, or the only safetensors file.
 *
 * @throws MEMBER_NOT_FOUND where there is none, INVALID_ARGUMENT where there are several, or it is neither of the two
 */
export function chooseMember(bundle: BundleReader, wanted: string | undefined): Chosen {
  if (wanted !== undefined) return named(bundle, wanted);
  if (fileOf(bundle, USUAL)) return { path: USUAL, kind: 'index' };
  const files = bundle.members().filter((member) => 'size' in member);
  return (
    only(files, INDEX, 'index', 'indices of safetensors files') ??
    only(files, SHARD, 'file', 'safetensors files and no index of them') ??
    none()
  );
}

/** The file of a path; what a link leads to, whether it is the path's end or a directory on its way. Undefined for what is not there and for directories. */
export function fileOf(
  bundle: BundleReader,
  path: string,
): (BundleMember & { readonly size: number }) | undefined {
  let member = bundle.member(path);
  let [at, left] = [path, MAX_DEPTH];
  // What a link to a directory leads to holds no links.
  while (!member && path.length <= MAX_PATH && at.includes('/') && left-- > 0) {
    at = at.slice(0, at.lastIndexOf('/'));
    const above = bundle.member(at);
    if (above?.kind === 'link') member = bundle.member(above.target + path.slice(at.length));
    if (above) break;
  }
  const file = member?.kind === 'link' ? bundle.member(member.target) : member;
  return file && 'size' in file ? file : undefined;
}

function named(bundle: BundleReader, path: string): Chosen {
  const kind = path.endsWith('.json') ? 'index' : SHARD.test(path) ? 'file' : undefined;
  if (kind === undefined)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `The option \`index\` names an index (….safetensors.index.json) or a .safetensors file of the bundle, and ${quoted(path)} is neither.`,
    );
  if (fileOf(bundle, path)) return { path, kind };
  throw new WeightsealError(
    'MEMBER_NOT_FOUND',
    `The bundle has no file ${quoted(path)}; \`weightseal list\` shows its members.`,
  );
}

function only(
  files: readonly BundleMember[],
  pattern: RegExp,
  kind: Chosen['kind'],
  what: string,
): Chosen | undefined {
  const paths = files.map(({ path }) => path).filter((path) => pattern.test(path));
  const [path] = paths;
  if (path === undefined) return undefined;
  if (paths.length === 1) return { path, kind };
  const shown = paths.slice(0, NAMED).map(quoted).join(', ');
  const more = paths.length > NAMED ? `, and ${paths.length - NAMED} more` : '';
  throw new WeightsealError(
    'INVALID_ARGUMENT',
    `The bundle has ${paths.length} ${what}: ${shown}${more}. Say which is meant, with \`index\`.`,
  );
}

function none(): never {
  throw new WeightsealError('MEMBER_NOT_FOUND', 'The bundle has no safetensors file.');
}
