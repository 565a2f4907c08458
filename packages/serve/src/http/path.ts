import { CHANNEL_NAME, MANIFEST_NAME, pathProblem, SIGNATURE_NAME } from '@weightseal/core';

// What a request's target names below the root. Pure.

/** The envelope of a bundle. */
export const ENVELOPE = 'weightseal.json';

/** What a target names on this server: one in absolute form is taken, whatever server it names (RFC 9112 §3.2.2). */
export function originForm(target: string): string {
  const rest = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * The path of a target, decoded once; empty for the root itself. Undefined for what names nothing: an empty name, `.`, `..`, a backslash, a NUL or another control character, a slash that was encoded,
 * bytes that are no UTF-8, more than a bundle may have.
 */
export function pathOf(target: string): string | undefined {
  const whole = originForm(target);
  const query = whole.indexOf('?');
  const raw = query < 0 ? whole : whole.slice(0, query);
  if (raw === '/') return '';
  if (!raw.startsWith('/')) return undefined;
  try {
    const names = raw.slice(1).split('/').map(decodeURIComponent);
    const path = names.join('/');
    return names.some((name) => name.includes('/')) || pathProblem(path) !== undefined ? undefined : path;
  } catch {
    return undefined;
  }
}

/** Whether a name on the way is hidden: what a killed command has left is, and marks, and what people hide. */
export function isHidden(path: string): boolean {
  return path.startsWith('.') || path.includes('/.');
}

/** The directories that a path is in, from the outermost, which is the root: ''. */
export function directoriesAbove(path: string): string[] {
  const above = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) above.push(path.slice(0, at));
  return above;
}

export type Document = 'manifest' | 'signature' | 'channel';

/** Which document of a release a path is of by its name, and of which file. */
export function documentOf(path: string): { readonly kind: Document; readonly of: string } | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === CHANNEL_NAME) return { kind: 'channel', of: path };
  for (const [kind, suffix] of [
    ['manifest', `.${MANIFEST_NAME}`],
    ['signature', `.${SIGNATURE_NAME}`],
  ] as const)
    if (name.endsWith(suffix) && name.length > suffix.length)
      return { kind, of: path.slice(0, -suffix.length) };
  return undefined;
}

export function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
