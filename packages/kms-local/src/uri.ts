import { type ErrorCode, WeightsealError } from '@weightseal/core';

/** How a caller insists on a file of another user. */
export const ALLOWING = '--allow-key-of-others, in a program `allowKeyOfOthers`';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
const control = /[\u0000-\u001f\u007f]/;
// 32 bytes in hex or in padded base64: the mistake that would write a key into every file it seals.
const looksLikeKey = /^(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=)$/i;

/**
 * The path of `<scheme>:<path>`. It is taken as it stands: no percent-decoding, no query, no fragment.
 * No message repeats the URI, because what was put there by mistake may be a secret.
 *
 * @throws KEY_URI_INVALID
 */
export function pathOf(uri: string, scheme: string): string {
  if (typeof uri !== 'string' || !uri.startsWith(`${scheme}:`)) {
    throw new WeightsealError('KEY_URI_INVALID', `The key URI must have the form ${scheme}:<path>.`);
  }
  return uri.slice(scheme.length + 1);
}

/** Returns a path that can stand in a URI, and fails with `code` for any other. */
export function checkedPath(path: string, code: ErrorCode, scheme: 'local' | 'pem' = 'local'): string {
  const problem = pathProblem(path, scheme);
  if (problem)
    throw new WeightsealError(code, `The path of a ${scheme === 'pem' ? 'PEM' : 'local'} key ${problem}.`);
  return path;
}

function pathProblem(path: string, scheme: string): string | undefined {
  if (path === '') return `must not be empty: write ${scheme}:<path of the key file>`;
  if (path.includes('?') || path.includes('#'))
    return 'must hold neither ? nor #: its URI has no query and no fragment';
  if (control.test(path) || !path.isWellFormed()) return 'must hold no control characters';
  if (path.startsWith('//')) return `must not start with //: its URI has no host, write ${scheme}:/path`;
  if (path.startsWith('~'))
    return `begins with a ~ that no shell has replaced, which they do only at the beginning of a word: write out the whole path, as in "${scheme}:$HOME/models.key" (with ./ before it, it is a name)`;
  if (looksLikeKey.test(path))
    return 'looks like a key: a URI names the file that holds the key (write ./ before such a name)';
  return undefined;
}
