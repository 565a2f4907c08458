import { access } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Mount } from './mount-info.js';

export type CgroupVersion = 1 | 2;

/** Where one of this process's groups can be looked at. */
export interface CgroupView {
  readonly version: CgroupVersion;
  readonly mountPoint: string;
  /** The group's path below the mount point, '/' for the mount point itself. */
  readonly path: string;
}

/**
 * Where this process's groups that can limit memory are, by /proc/self/cgroup and the mounts. On a hybrid machine there is one of each version, and only one
 * has the memory controller: both are looked at.
 */
export function cgroupViews(cgroups: string, mounts: readonly Mount[]): CgroupView[] {
  return cgroups.split('\n').flatMap((line) => {
    const [, hierarchy, controllers, path] = /^([0-9]+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) return [];
    if (hierarchy === '0' && controllers === '') {
      return viewsOf(
        2,
        path,
        mounts.filter(({ type }) => type === 'cgroup2'),
      );
    }
    if (!controllers.split(',').includes('memory')) return [];
    return viewsOf(
      1,
      path,
      mounts.filter(({ type, options }) => type === 'cgroup' && options.includes('memory')),
    );
  });
}

function viewsOf(version: CgroupVersion, path: string, mounts: readonly Mount[]): CgroupView[] {
  const views = mounts.map(({ root, mountPoint }) => ({ version, mountPoint, path: below(root, path) }));
  const ours = views.filter((view): view is CgroupView => view.path !== undefined);
  if (ours.length > 0) return ours;
  // A namespace that hides where we are: what is mounted is our group, or one that it is in.
  return views.map((view) => ({ ...view, path: '/' }));
}

/** The path below what is mounted; undefined where it is not below it, or leads out of a namespace with `..`. */
function below(root: string, path: string): string | undefined {
  if (`${root}${path}`.split('/').includes('..')) return undefined;
  if (root === '/') return path;
  if (path === root) return '/';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/** The directories of a group and of all that it is in, as far as they can be seen. */
export async function directoriesOf({ mountPoint, path }: CgroupView, root: string): Promise<string[]> {
  const top = posix.join('/', root, mountPoint);
  const whole = posix.join(top, path);
  // A container without a namespace for its groups has the host's path, which is not there.
  const seen = await access(whole).then(
    () => true,
    () => false,
  );
  const directories = [top];
  for (const name of seen ? path.split('/').filter(Boolean) : []) {
    directories.push(posix.join(directories.at(-1)!, name));
  }
  return directories;
}
