import type { BundleMember } from '@weightseal/core';
import { count, extraNote } from '../bundle/notes.js';
import { globs, openingOf } from '../bundle/opening.js';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { uncheckedContext } from '../notes.js';
import { Place } from '../place.js';
import { quote, size as sizeText } from '../text.js';
import type { Args, Result, Session } from '../types.js';

export async function list(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  await using place = await Place.of(args, input);
  if (input === '-' || (await place.kind(session.signal)) === 'file')
    throw usageError(
      `list: ${input === '-' ? 'Standard input' : quote(input)} is no ${place.location ? 'bundle' : 'directory'}, and has no members. \`weightseal inspect\` shows what a sealed file shows, and \`verify --json\` what it holds.`,
    );
  const { openBundle } = await core();
  const { options, used } = await openingOf(args, session, 'list');
  // What is none of them is told, and no reason not to tell them.
  await using bundle = await openBundle(place.at, { ...options, allowExtra: true });
  const { opened } = bundle;
  const members = bundle.members(globs(args, 'only'));
  const size = members.reduce((sum, member) => sum + ('size' in member ? member.size : 0), 0);
  const { digestVerified: _, ...rest } = opened;
  return {
    value: {
      input,
      ...used,
      ...rest,
      size,
      members: members.map(plain),
      contextChecked: options.context !== undefined,
    },
    lines: [...rows(members), `${count(members.length, 'member')}, ${sizeText(size)}`],
    essential: true,
    notes: [
      options.context ? undefined : uncheckedContext(opened.context, 'bundle'),
      extraNote(opened.extra),
    ],
  };
}

/** In the words of the other commands. */
function plain(member: BundleMember): object {
  const { kind, path } = member;
  if (member.kind === 'directory') return { kind, path };
  if (member.kind === 'link') return { kind, path, leadsTo: member.target };
  const { size, executable, digest, file: storedAs, fileSize: sealedSize } = member;
  return { kind, path, size, executable, digest, storedAs, sealedSize };
}

/** What kind it is, how many bytes, and its path: the widths are those of the longest. */
function rows(members: readonly BundleMember[]): string[] {
  const width = members.reduce((most, member) => Math.max(most, bytesOf(member).length), 0);
  return members.map(
    (member) => `${member.kind.padEnd(9)}  ${bytesOf(member).padStart(width)}  ${pathOf(member)}`,
  );
}

function bytesOf(member: BundleMember): string {
  return 'size' in member ? sizeText(member.size) : '';
}

function pathOf(member: BundleMember): string {
  if (member.kind === 'link') return `${quote(member.path)} -> ${quote(member.target)}`;
  const executable = 'executable' in member && member.executable ? ', executable' : '';
  return `${quote(member.path)}${executable}`;
}
