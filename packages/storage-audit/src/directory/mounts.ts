// proc_pid_mountinfo(5). Pure.

export interface Mount {
  /** `major:minor` of what `stat` says of files there; a file system of several devices has one that is no device. */
  readonly device: string;
  readonly point: string;
  /** `ext4`, `tmpfs`, `overlay`. */
  readonly type: string;
  /** `/dev/mapper/models`, or whatever the file system calls it. */
  readonly source: string;
}

export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const words = line.split(' ');
    const dash = words.indexOf('-', 6);
    const [, , device, , point] = words;
    const [type, source] = words.slice(dash + 1);
    if (dash < 0 || device === undefined || point === undefined || type === undefined) return [];
    return [{ device, point: unescaped(point), type: unescaped(type), source: unescaped(source ?? '') }];
  });
}

/**
 * On which a path lies: of those of its device the one deepest above it, and the last that was made there.
 *
 * @param path as the kernel has it, without links
 */
export function mountOf(path: string, device: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  const sorted = above.map((mount, at) => ({ mount, at }));
  sorted.sort((a, b) => b.mount.point.length - a.mount.point.length || b.at - a.at);
  const deepest = sorted[0]?.mount;
  // Of a subvolume the two differ.
  return (
    sorted.find(({ mount }) => mount.device === device)?.mount ??
    (deepest?.type === 'btrfs' ? deepest : undefined)
  );
}

/** What other file systems lie below a path, wherever that is. */
export function mountsBelow(path: string, mounts: readonly Mount[]): Mount[] {
  const from = path === '/' ? path : `${path}/`;
  return mounts.filter(({ point }) => point !== path && point.startsWith(from));
}

function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
