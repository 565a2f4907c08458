import type { Applied, ConfigurableStorage, Plan } from '@weightseal/storage-audit';
import { storageAudit } from '../audit/load.js';
import { expectedKey } from '../audit/settings.js';
import { CliError, usageError } from '../cli-error.js';
import { EXIT_CODES } from '../exit-codes.js';
import { write } from '../output.js';
import { isUri, Place } from '../place.js';
import { configurable } from '../storage/configurable.js';
import { canAsk, confirmed } from '../storage/confirm.js';
import { appliedLines, appliedMembers, planLines } from '../storage/shown.js';
import { nameFor, readUndo, writeUndo } from '../storage/undo-file.js';
import { printable } from '../text.js';
import type { Args, Result, Session } from '../types.js';

/** Beside those of errors: something was left that is not right, and a plan was shown. */
const LEFT = 9;
const PLANNED = 15;

export async function storageConfigure(args: Args, session: Session): Promise<Result> {
  checkWays(args);
  await using place = await Place.of(args, args.operand);
  const storage = await configurable(args, place, session.signal);
  try {
    session.waiting(`reading how ${printable(storage.place)} is set up`);
    const plan = await planned(args, storage);
    return await carriedOut(args, storage, plan, session);
  } finally {
    storage.close();
  }
}

/** @throws CliError of class usage */
function checkWays(args: Args): void {
  if (!isUri(args.operand))
    throw usageError(
      'storage configure: It configures a store: s3://BUCKET, gs://BUCKET or az://ACCOUNT/CONTAINER.',
    );
  const ways = [args.one('key') !== undefined, args.has('fix'), args.one('undo') !== undefined];
  if (ways.filter(Boolean).length !== 1)
    throw usageError(
      'storage configure: It takes one of --key (all that is to be mended, under that key), --fix (what needs no key) and --undo.',
    );
  if (args.one('undo') !== undefined && args.many('only').length > 0)
    throw usageError('storage configure: --undo puts back all of it; --only does not go with it.');
  if (args.has('allow-public') && args.one('undo') === undefined)
    throw usageError('storage configure: --allow-public is of --undo; nothing else lets anybody in.');
  if (args.has('yes') && args.has('dry-run'))
    throw usageError('storage configure: --dry-run changes nothing, and --yes does; give one of them.');
}

async function planned(args: Args, storage: ConfigurableStorage): Promise<Plan> {
  const file = args.one('undo');
  if (file !== undefined) {
    const { parseUndo, planUndo } = await storageAudit();
    return await planUndo(storage, parseUndo(await readUndo(file)), {
      allowPublic: args.has('allow-public'),
    });
  }
  const only = args.many('only');
  return await storage.plan({ key: await expectedKey(args), ...(only.length > 0 && { only }) });
}

async function carriedOut(
  args: Args,
  storage: ConfigurableStorage,
  plan: Plan,
  session: Session,
): Promise<Result> {
  const lines = planLines(plan);
  const value = { input: args.operand, ...members(plan) };
  const left = plan.refused.length > 0 ? LEFT : undefined;
  if (plan.changes.length === 0) return { value, lines, essential: true, exitCode: left };
  const asks = !args.has('yes') && !args.has('dry-run') && !args.has('json') && canAsk();
  if (asks) write(2, `${lines.join('\n')}\n`);
  const loosens = args.one('undo') !== undefined;
  const question = `${loosens ? 'This puts back what was less strict. ' : ''}Apply it? Only "yes" does: `;
  if (!args.has('yes') && !(asks && (await confirmed(question, session.signal))))
    return {
      value,
      lines: [...(asks ? [] : lines), 'Nothing was changed: --yes applies it.'],
      essential: true,
      exitCode: PLANNED,
    };
  const file = args.one('undo-file') ?? nameFor(storage.place);
  const applied = await apply(storage, plan, file, session);
  return {
    value: { ...value, ...appliedMembers(applied), undoFile: file },
    lines: [...(asks ? [] : lines), ...appliedLines(applied, file)],
    essential: true,
    exitCode: applied.failed ? EXIT_CODES[applied.failed.error.class] : left,
  };
}

async function apply(
  storage: ConfigurableStorage,
  plan: Plan,
  file: string,
  { signal, waiting }: Session,
): Promise<Applied> {
  const { applyPlan, encodeUndo } = await storageAudit();
  const applied = await applyPlan(storage, plan, {
    keep: (undo) => writeUndo(file, encodeUndo(undo)),
    onChange: ({ setting }) => waiting(`changing ${setting}`),
    signal,
  });
  if (applied.failed?.error.code !== 'ABORTED') return applied;
  throw new CliError('ABORTED', 'aborted', appliedLines(applied, file).join('. '));
}

/** As people say it who ask by --json; what is there is in the undo file. */
function members({ place, changes, refused, leftOut, kept }: Plan): object {
  return {
    place,
    changes: changes.map(({ setting, checks, now, later, permissions, undo, note }) => ({
      setting,
      checks,
      now,
      later,
      permissions,
      undo,
      note,
    })),
    refused,
    ...(leftOut.length > 0 && { leftOut }),
    asWanted: kept,
  };
}
