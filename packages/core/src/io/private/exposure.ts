import type { Step } from './path-walk.js';

// Who but us can read a file, or put another one in its place. Windows has no mode bits: there nothing is judged.

/** This process, as the system sees it. */
export interface Self {
  readonly uid: number;
  /** All groups, the effective one among them. */
  readonly groups: readonly number[];
}

export interface Facts {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export const GROUP_AND_OTHERS = 0o077;
const ROOT = 0;
const STICKY = 0o1000;
const OTHERS = { read: 0o004, write: 0o002, search: 0o001 };
const GROUP = { read: 0o040, write: 0o020, search: 0o010 };

export function self(): Self {
  const groups = [...(process.getgroups?.() ?? []), process.getegid?.() ?? -1];
  return { uid: process.geteuid?.() ?? -1, groups };
}

/** Whether the file is of somebody who is neither root nor this process: whoever owns a file can change it, and its mode. */
export function isOfAnother({ uid }: Facts, me: Self): boolean {
  return uid !== ROOT && uid !== me.uid;
}

/**
 * Whether the file's own owner and mode keep all others out: nobody else may write, no stranger may read.
 *
 * A group that may read is no stranger where root made it so for a group of ours (Kubernetes' fsGroup). Where the file is open to us though we
 * are neither its owner nor in its group, an access list is what lets us in, and the mode's middle bits are that list's mask (systemd's
 * credentials).
 */
export function closedByMode({ uid, gid, mode }: Facts, me: Self): boolean {
  if ((mode & (GROUP.write | OTHERS.write | OTHERS.read)) !== 0) return false;
  if ((mode & GROUP.read) === 0) return true;
  if (uid !== ROOT) return false;
  return me.groups.includes(gid) || me.uid !== ROOT;
}

/** Whether a directory on the way lets nobody through but us, so that what lies below it may be readable. */
export function closedByDirectory(steps: readonly Step[], { mode }: Facts, me: Self): boolean {
  if ((mode & (GROUP.write | OTHERS.write)) !== 0) return false;
  return steps.some((step) => {
    if (step.kind !== 'directory' || isOfAnother(step, me) || (step.mode & OTHERS.search) !== 0) return false;
    return (step.mode & GROUP.search) === 0 || (step.uid === ROOT && me.groups.includes(step.gid));
  });
}

/** Where secrets are delivered into a container or a service of its own, so that everybody there is us. */
export function isSecretPlace(path: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  const { CREDENTIALS_DIRECTORY: credentials } = environment;
  const places = ['/run/secrets', '/var/run/secrets'];
  if (credentials?.startsWith('/')) places.push(credentials.replace(/\/+$/, ''));
  return places.some((place) => path.startsWith(`${place}/`));
}

/** A step on the way that a stranger could make lead elsewhere; undefined when there is none. */
export function swappable(steps: readonly Step[], me: Self): Step | undefined {
  return steps.find((step) => {
    if (isOfAnother(step, me)) return true;
    if (step.kind !== 'directory') return false;
    return (step.mode & (GROUP.write | OTHERS.write)) !== 0 && (step.mode & STICKY) === 0;
  });
}

/** What to do about a file that others can reach, at the place where it lies. */
export function adviceFor(path: string, steps: readonly Step[]): string {
  if (steps.some((step) => step.path.endsWith('/..data'))) return KUBERNETES;
  if (/^(?:\/var)?\/run\/secrets\//.test(path))
    return 'Give the secret mode 0400 and the uid of this service, where it is declared.';
  return 'Run `chmod 600` on it, and replace what it holds if somebody may have read it.';
}

export const KUBERNETES =
  'In Kubernetes, give the secret volume `defaultMode: 0440` and the pod the `fsGroup` that the container runs with (0400 where it runs as root).';
