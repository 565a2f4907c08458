import { fs, path as paths } from '../builtins.js';

/** Whether a directory is meant. What cannot be looked at is told where it is opened. */
export function isDirectory(path: string): boolean {
  try {
    return path !== '-' && fs.statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The bundle that a file lies in, for who names a part of one; undefined where there is none. */
export function bundleAround(file: string): string | undefined {
  for (let at = file, last = ''; ; last = at) {
    at = paths.dirname(at);
    if (at === last) return undefined;
    if (isBundle(at)) return at;
  }
}

function isBundle(directory: string): boolean {
  return ['weightseal.json', 'weightseal.table'].every(
    (name) => fs.statSync(paths.join(directory, name), { throwIfNoEntry: false })?.isFile() ?? false,
  );
}
