import type { Applied, Change, Plan, Untouched } from '@weightseal/storage-audit';
import { printable, quote } from '../text.js';

/** A plan, for people. */
export function planLines({ place, changes, refused, leftOut, kept }: Plan): string[] {
  return [
    `${printable(place)}: ${changes.length === 0 ? 'nothing to change' : `${changes.length} to change`}`,
    ...changes.flatMap(changeLines),
    ...untouched('left as they are', refused),
    ...untouched('left out', leftOut),
    ...(kept.length > 0 ? [`as they should be: ${kept.join(', ')}`] : []),
  ];
}

function changeLines(change: Change, index: number): string[] {
  const rows = [
    ['now', change.now],
    ['then', change.later],
    ['needs', change.permissions.join(', ')],
    ['undo', change.undo],
    ['note', change.note],
  ] as const;
  return [
    `${index + 1}. ${printable(change.setting)} (${printable(change.checks.join(', '))})`,
    ...rows.flatMap(([name, text]) =>
      text === undefined ? [] : [`     ${name.padEnd(5)}  ${printable(text)}`],
    ),
  ];
}

function untouched(title: string, all: readonly Untouched[]): string[] {
  if (all.length === 0) return [];
  return [`${title}:`, ...all.map(({ check, reason }) => `  ${printable(check)}: ${printable(reason)}`)];
}

const FOUND = {
  before: 'it is as it was',
  after: 'it is as it was to be',
  other: 'it is neither as it was nor as it was to be',
  unread: 'what is there now could not be read: look at it',
} as const;

/** What came of it, for people. */
export function appliedLines({ done, failed, notTried }: Applied, undoFile: string | undefined): string[] {
  return [
    ...done.map(({ setting }) => `changed, and read back: ${printable(setting)}`),
    ...(failed
      ? [
          `failed: ${printable(failed.change.setting)}, ${FOUND[failed.found]}. ${printable(failed.error.message)}`,
        ]
      : []),
    ...notTried.map(({ setting }) => `not tried: ${printable(setting)}`),
    ...(undoFile === undefined ? [] : [`the way back: --undo ${quote(undoFile)}`]),
  ];
}

/** For --json. */
export function appliedMembers({ done, failed, notTried }: Applied): object {
  return {
    applied: done.map(({ setting }) => setting),
    ...(failed && {
      failed: {
        setting: failed.change.setting,
        found: failed.found,
        code: failed.error.code,
        message: failed.error.message,
      },
    }),
    ...(notTried.length > 0 && { notTried: notTried.map(({ setting }) => setting) }),
  };
}
