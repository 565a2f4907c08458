import { isWeightsealError, WeightsealError } from '@weightseal/core';
import { canonical } from './canonical.js';
import { change, kept, type Piece, planOf, refused } from './pieces.js';
import type { Change, ConfigurableStorage, Json, Plan } from './types.js';

export const UNDO_FORMAT = 'weightseal.storage-undo.v1';

/** What there was before a plan was applied, and what the plan was to leave. It holds policies, with whatever somebody has put into their conditions, and names of keys: keep it as you keep them. */
export interface Undo {
  readonly format: typeof UNDO_FORMAT;
  readonly place: string;
  readonly changes: readonly Pick<
    Change,
    'setting' | 'checks' | 'before' | 'after' | 'back' | 'permissions' | 'undo'
  >[];
}

/** The way back from a plan, whichever part of it will have been applied. */
export function undoOf({ place, changes }: Plan): Undo {
  return {
    format: UNDO_FORMAT,
    place,
    changes: changes.map(({ setting, checks, before, after, back, permissions, undo }) => ({
      setting,
      checks,
      before,
      after,
      back,
      permissions,
      undo,
    })),
  };
}

export function encodeUndo(undo: Undo): string {
  return `${JSON.stringify(undo, null, 2)}\n`;
}

/** @throws INVALID_ARGUMENT for what `encodeUndo` does not write */
export function parseUndo(text: string): Undo {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw noUndo('it is no JSON', cause);
  }
  const { format, place, changes, ...others } = membersOf(value);
  if (format !== UNDO_FORMAT) throw noUndo(`its format is not ${UNDO_FORMAT}`);
  if (typeof place !== 'string' || !Array.isArray(changes) || Object.keys(others).length > 0)
    throw noUndo('it does not say of which place it is, and what was changed');
  return { format, place, changes: (changes as unknown[]).map(entryOf) };
}

function entryOf(value: unknown): Undo['changes'][number] {
  const { setting, checks, before, after, back, permissions, undo, ...others } = membersOf(value);
  const values = [before, after, back];
  if (
    typeof setting !== 'string' ||
    typeof undo !== 'string' ||
    !areTexts(checks) ||
    !areTexts(permissions) ||
    values.includes(undefined) ||
    Object.keys(others).length > 0
  )
    throw noUndo('a change in it is not what was written');
  const [was, is, goal] = values as [Json, Json, Json];
  return { setting, checks, before: was, after: is, back: goal, permissions, undo };
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw noUndo('it is no object');
}

function noUndo(problem: string, cause?: unknown): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `This is no undo file: ${problem}. Give one that \`storage configure\` has written.`,
    { cause },
  );
}

export interface UndoOptions {
  /** Whether what lets everybody in is put back, too; the default is false. */
  readonly allowPublic?: boolean | undefined;
}

type Entry = Undo['changes'][number];

/**
 * The plan of the way back, the last change first. It loosens what was tightened. A setting that is not what was left there is refused: it is somebody else's by now. So is one that cannot be read, and one by which everybody would be let in; the others go on.
 *
 * @throws INVALID_ARGUMENT for an undo of another place, or of what its settings cannot be; ABORTED; and what `read` throws where nothing can be read
 */
export async function planUndo(
  storage: ConfigurableStorage,
  undo: Undo,
  options: UndoOptions = {},
): Promise<Plan> {
  if (undo.place !== storage.place)
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `The undo file is of ${undo.place.slice(0, 200)}, not of ${storage.place}.`,
    );
  for (const { setting, before, after, back } of undo.changes)
    if (![before, after, back].every((value) => storage.fits(setting, value)))
      throw noUndo(`${setting} cannot be what it says`);
  const pieces: Piece[] = [];
  const failures: WeightsealError[] = [];
  for (const one of undo.changes.toReversed()) {
    try {
      const { value } = await storage.read(one.setting);
      pieces.push(...(await wayBack(storage, one, value, options)));
    } catch (error) {
      if (!isWeightsealError(error) || !error.code.startsWith('STORE_')) throw error;
      failures.push(error);
      pieces.push(...refused(one.checks, error.message));
    }
  }
  if (failures.length > 0 && failures.length === undo.changes.length) throw failures[0];
  return { ...planOf(storage.place, pieces), again: () => planUndo(storage, undo, options) };
}

async function wayBack(
  storage: ConfigurableStorage,
  one: Entry,
  value: Json,
  { allowPublic = false }: UndoOptions,
): Promise<Piece[]> {
  const { setting, checks, after, before, back, permissions } = one;
  // It was never written, or is undone.
  if ([before, back].some((was) => storage.same(setting, value, was))) return kept(...checks);
  if (!storage.same(setting, value, after))
    return refused(
      checks,
      `${setting} is neither what was there before nor what was left there: somebody has changed it since.`,
    );
  const isOpening = async () =>
    (await storage.opens(setting, back)) && !(await storage.opens(setting, value));
  if (!allowPublic && (await isOpening()))
    return refused(
      checks,
      `${setting} would let everybody in, or it cannot be told that it would not. Look at what was there before; --allow-public (\`allowPublic\`) puts that back, too.`,
    );
  return [
    change({
      setting,
      checks,
      now: shown(value),
      later: shown(back),
      before: value,
      after: back,
      permissions,
      undo: 'storage configure, anew',
      note: 'This loosens what was tightened.',
    }),
  ];
}

/** All of it: an undo file may be somebody else's, and what it would put there is to be seen. */
function shown(value: Json): string {
  if (value === null) return 'nothing';
  return typeof value === 'string' ? value : canonical(value);
}
