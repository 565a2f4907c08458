/** A line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
export interface Mount {
  readonly id: number;
  /** The directory of the file system that is mounted: not `/` for a bind mount. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  /** What holds for what comes through this mount, such as `ro` and `noexec`. */
  readonly flags: readonly string[];
  /** The file system's own options, such as `size=64k` and `noswap`, or a cgroup's controllers. */
  readonly options: readonly string[];
}

export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): Mount | undefined {
  const fields = line.split(' ');
  // A varying number of optional fields ends with a dash.
  const dash = fields.indexOf('-', 6);
  const [id, , , root, mountPoint] = fields;
  const type = fields[dash + 1];
  const options = fields[dash + 3];
  if (dash < 0 || !root || !mountPoint || !type) return undefined;
  return {
    id: Number(id),
    root: unescaped(root),
    mountPoint: unescaped(mountPoint),
    type,
    flags: fields[5]?.split(',') ?? [],
    options: options?.split(',') ?? [],
  };
}

/** Space, tab, newline and backslash are written as three octal digits; whether the bytes of a character were decoded before does not matter. */
export function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
