import { fs, path as paths } from '../builtins.js';

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
