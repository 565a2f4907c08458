// What modes say (POSIX). Pure.

export const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

/** Root's own group is nobody else's. */
export function writableByGroup({ mode, gid }: { readonly mode: number; readonly gid: number }): boolean {
  return (mode & GROUP_WRITES) !== 0 && gid !== 0;
}

/** Whether it is neither root's nor of whom it should be: the owner that was told, or else the user of this process. */
export function isOfOthers(uid: number, owner: number | undefined): boolean {
  return uid !== 0 && uid !== (owner ?? process.getuid?.());
}
