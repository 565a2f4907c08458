import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export const ROOT: string = resolve(import.meta.dirname, '../..');
/** What the build of the site makes; no page of it is kept. */
export const GENERATED = 'site/generated';
export const API: string = `${GENERATED}/api`;
export const TERMINALS: string = `${GENERATED}/terminals`;
export const SITE_OUTPUT: string = join(ROOT, 'site/dist');
/** The command line, as it is built. */
export const PROGRAM: string = join(ROOT, 'packages/cli/dist/bin.js');

export interface Package {
  /** The folder below packages. */
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  /** The declarations that npm would publish; a program has none. */
  readonly types: string | undefined;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly exports?: { readonly '.'?: { readonly types: string } };
}

export function publishedPackages(): Package[] {
  return globSync('packages/*/package.json', { cwd: ROOT })
    .sort()
    .flatMap((path) => {
      const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
      if (manifest.private) return [];
      const folder = basename(dirname(path));
      const types = manifest.exports?.['.']?.types;
      return {
        folder,
        name: manifest.name,
        description: manifest.description ?? '',
        types: types === undefined ? undefined : join(ROOT, 'packages', folder, types),
      };
    });
}
