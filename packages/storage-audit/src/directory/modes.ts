import { failed, type Judgement, passed, unread } from '../report/judge.js';
import { shellWord } from '../report/quoting.js';
import type { Check, Mend } from '../types.js';
import type { Below, Some } from './below.js';
import { isOfOthers, OTHERS_WRITE, writableByGroup } from './rights.js';
import type { Step } from './way.js';

/** A directory, every directory and link on the way to it, and what lies below it. */
export interface Looked {
  readonly own: Step;
  /** From the one above it to the root. */
  readonly way: readonly Step[];
  readonly below: Below;
  readonly owner: number | undefined;
}

const OTHERS_LOOK = 0o005;
const GROUP_LOOKS = 0o050;
const ANYBODY_PASSES = 0o011;
const OTHERS_PASS = 0o001;
/** Only the owner of a file may rename or remove it. */
const STICKY = 0o1000;
const LESS: Check['severity'] = { plain: 'medium', sealed: 'low' };
const LESS_TO_READ: Check['severity'] = { plain: 'low', sealed: 'info' };
const LISTS = 'Access lists beside the mode were not looked at.';

export function judgeOwner({ own: { uid, path }, owner }: Looked): Judgement {
  const us = process.getuid?.();
  const allowed = owner === undefined ? [0, us] : [owner];
  if (allowed.includes(uid)) return passed(`It belongs to the user ${uid}.`);
  const should = owner ?? us;
  return failed(
    `It belongs to the user ${uid}, and not to ${should}.`,
    mendOf(`chown ${should} ${shellWord(path)}`),
  );
}

export function judgeWritten({ own, way, below, owner }: Looked): Judgement {
  const byAll = [own, ...replaceable(way)].find(({ mode }) => (mode & OTHERS_WRITE) !== 0);
  if (byAll)
    return failed(`Every user can write to ${byAll.path}.`, mendOf(`chmod o-w ${shellWord(byAll.path)}`));
  const ofOther = way.find(({ uid }) => isOfOthers(uid, owner));
  if (ofOther)
    return failed(
      `${ofOther.path}, on the way to it, belongs to the user ${ofOther.uid}, who can put another in its place.`,
      mendOf(`chown ${ofOther.isLink ? '-h ' : ''}root ${shellWord(ofOther.path)}`),
    );
  return judgeBelow(below) ?? judgeGroups([own, ...replaceable(way)], below);
}

/** In a directory with the sticky bit nobody removes what is another's; into the audited one itself anybody could still put something. A link has no rights of its own. */
function replaceable(way: readonly Step[]): Step[] {
  return way.filter(({ mode, isLink }) => !isLink && (mode & STICKY) === 0);
}

function judgeBelow({ byAll, ofOthers }: Below): Judgement | undefined {
  if (byAll.first !== undefined)
    return several(
      byAll,
      (what) => `Every user can write to ${what}.`,
      `chmod o-w ${shellWord(byAll.first)}`,
    );
  if (ofOthers.first === undefined) return undefined;
  const command = `chown -h root ${shellWord(ofOthers.first)}`;
  return several(ofOthers, (what) => `Another user owns ${what}.`, command);
}

function judgeGroups(steps: readonly Step[], { byGroup, unseen }: Below): Judgement {
  const found = steps.find(writableByGroup);
  if (found)
    return failed(
      `All of the group ${found.gid} can write to ${found.path}.`,
      mendOf(`chmod g-w ${shellWord(found.path)}`),
      LESS,
    );
  if (byGroup.first !== undefined) {
    const told = (what: string) => `All of a group can write to ${what}.`;
    return { ...several(byGroup, told, `chmod g-w ${shellWord(byGroup.first)}`), severity: LESS };
  }
  if (unseen.first === undefined)
    return passed(`By the modes of all that is below, on the way, and its own, only its owner can. ${LISTS}`);
  const evidence = (what: string) => `A link out of it, or what could not be looked at, is ${what}.`;
  return { ...unread(evidence(named(unseen))), counted: { facts: evidence('N'), count: unseen.count } };
}

function several(some: Some, told: (what: string) => string, command: string): Judgement {
  const counted = { facts: told(some.first ?? ''), count: some.count };
  return { ...failed(told(named(some)), mendOf(command)), counted };
}

function named({ first, count }: Some): string {
  return count > 1 ? `${first}, and ${count - 1} more below it` : `${first}`;
}

export function judgeRead({ own, way }: Looked): Judgement {
  const { mode, path, gid } = own;
  const closedTo = (bits: number) => way.find((one) => !one.isLink && (one.mode & bits) === 0);
  const closed = closedTo(OTHERS_PASS);
  if ((mode & OTHERS_LOOK) !== 0 && !closed)
    return failed('Every user of this machine can.', mendOf(`chmod o-rwx ${shellWord(path)}`));
  if ((mode & GROUP_LOOKS) !== 0 && gid !== 0 && !closedTo(ANYBODY_PASSES))
    return failed(`All of the group ${gid} can.`, mendOf(`chmod g-rwx ${shellWord(path)}`), LESS_TO_READ);
  if ((mode & OTHERS_LOOK) === 0) return passed(`By its mode others cannot. ${LISTS}`);
  return passed(`By the mode of ${closed?.path}, above it, others cannot. ${LISTS}`);
}

function mendOf(command: string): Mend {
  return { command };
}
