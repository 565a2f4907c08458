import type { Owner } from '@weightseal/core';

export { lifeOf, type Owner, type OwnerLife as Life, thisProcess } from '@weightseal/core';

// Who made a directory of ours stands in the directory's name, so that it is recorded by the very call that makes the directory.
const PATTERN = /^weightseal-([0-9]+)-([1-9][0-9]*)-([0-9]+)-[0-9a-f]{16}$/;

/** A link in each directory of ours, to the directory's name: where others can rename directories, a name alone says nothing. */
export const MARK = '.weightseal';

export function directoryName({ namespace, pid, started }: Owner, random: string): string {
  return `weightseal-${namespace}-${pid}-${started}-${random}`;
}

/** The owner that a directory's name records; undefined for what is none of ours. */
export function ownerOf(name: string): Owner | undefined {
  const [, namespace, pid, started] = PATTERN.exec(name) ?? [];
  if (namespace === undefined || pid === undefined || started === undefined) return undefined;
  return { namespace, pid: Number(pid), started };
}
