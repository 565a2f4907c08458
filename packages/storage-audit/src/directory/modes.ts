import { failed, type Judgement, passed } from '../report/judge.js';
import { shellWord } from '../report/quoting.js';
import type { Check, Mend } from '../types.js';

/** A directory, or one above it: from the one that is audited up to the root. */
export interface Above {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const OTHERS_LOOK = 0o005;
const OTHERS_PASS = 0o001;
/** Only the owner of a file may rename or remove it. */
const STICKY = 0o1000;
const LESS: Check['severity'] = { plain: 'medium', sealed: 'low' };
const LISTS = 'Access lists beside the mode were not looked at.';

export function judgeOwner([own]: readonly Above[], owner: number | undefined): Judgement {
  const { uid, path } = own!;
  const us = process.getuid?.();
  const allowed = owner === undefined ? [0, us] : [owner];
  if (allowed.includes(uid)) return passed(`It belongs to the user ${uid}.`);
  const should = owner ?? us;
  return failed(
    `It belongs to the user ${uid}, and not to ${should}.`,
    mendOf(`chown ${should} ${shellWord(path)}`),
  );
}

export function judgeWritten(above: readonly Above[]): Judgement {
  const [own, ...rest] = above;
  // In a directory with the sticky bit nobody removes what is another's; into the audited one itself anybody could still put something.
  const replaceable = rest.filter(({ mode }) => (mode & STICKY) === 0);
  const byAll = [own!, ...replaceable].find(({ mode }) => (mode & OTHERS_WRITE) !== 0);
  if (byAll)
    return failed(`Every user can write to ${byAll.path}.`, mendOf(`chmod o-w ${shellWord(byAll.path)}`));
  const byGroup = [own!, ...replaceable].find(({ mode, gid }) => (mode & GROUP_WRITES) !== 0 && gid !== 0);
  if (!byGroup) return passed(`By its mode and those above it only its owner can. ${LISTS}`);
  const { path, gid } = byGroup;
  return failed(
    `All of the group ${gid} can write to ${path}.`,
    mendOf(`chmod g-w ${shellWord(path)}`),
    LESS,
  );
}

export function judgeRead([own, ...rest]: readonly Above[]): Judgement {
  const { mode, path } = own!;
  if ((mode & OTHERS_LOOK) === 0) return passed(`By its mode others cannot. ${LISTS}`);
  const closed = rest.find((one) => (one.mode & OTHERS_PASS) === 0);
  if (closed) return passed(`By the mode of ${closed.path}, above it, others cannot. ${LISTS}`);
  return failed('Every user of this machine can.', mendOf(`chmod o-rwx ${shellWord(path)}`));
}

function mendOf(command: string): Mend {
  return { command };
}
