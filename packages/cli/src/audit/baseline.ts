import type { Acceptance, AppliedBaseline, Baseline } from '@weightseal/storage-audit';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import type { Args } from '../types.js';
import { writeDocument } from '../write-document.js';
import { storageAudit } from './load.js';

/** As many bytes as a baseline may have. */
const MOST_BASELINE = 4_194_304;

/** What was decided about it: who, why, and until when. */
interface Decision {
  readonly who: string;
  readonly reason: string;
  readonly expires: string;
}

export async function baselineOf(args: Args): Promise<Baseline | undefined> {
  const path = args.one('baseline');
  if (path === undefined) return undefined;
  const { parseBaseline } = await storageAudit();
  const { ioError, readDocument, WeightsealError } = await core();
  const tooLong = () =>
    new WeightsealError('CONFIG_INVALID', `${path} is too long for a baseline. Name another.`);
  const bytes = await readDocument(path, { mostBytes: MOST_BASELINE, tooLong });
  if (bytes) return parseBaseline(bytes);
  // A baseline that is misspelt would let everything count, and one that was removed is to be seen.
  throw ioError(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }), `read ${path}`);
}

/** What --write-baseline needs, before anything is audited. @throws CliError of class usage */
export function decisionOf(args: Args): Decision | undefined {
  const [who, reason, until] = [args.one('by'), args.one('reason'), args.one('until')];
  if (args.one('write-baseline') === undefined) {
    if (who === undefined && reason === undefined && until === undefined) return undefined;
    throw usageError('audit storage: --by, --reason and --until are for --write-baseline.');
  }
  if (!who?.trim() || !reason?.trim() || until === undefined)
    throw usageError(
      'audit storage: --write-baseline needs --by, --reason and --until: somebody decides it.',
    );
  // The day itself counts.
  const expires = /^\d{4}-\d\d-\d\d$/.test(until) ? `${until}T23:59:59Z` : until;
  const time = /^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(expires) ? Date.parse(expires) : Number.NaN;
  if (!Number.isNaN(time) && time > Date.now()) return { who, reason, expires };
  throw usageError(`--until takes a day to come, 2030-01-31, not ${JSON.stringify(until)}.`);
}

/** Accepts what is open, beside what was accepted before and still is. Gives how many, and how many have names that a baseline cannot hold. */
export async function writeBaseline(
  args: Args,
  { findings, accepted }: AppliedBaseline,
  decision: Decision,
  signal: AbortSignal,
): Promise<{ readonly written: number; readonly leftOut: number }> {
  const { acceptanceOf, encodeBaseline } = await storageAudit();
  const open = findings.filter(({ outcome }) => outcome === 'failed' || outcome === 'unread');
  const kept = accepted.map(({ acceptance }) => acceptance);
  const all = new Map(kept.map((one) => [nameOf(one), one]));
  let leftOut = 0;
  for (const finding of open) {
    const one = acceptanceOf(finding, decision);
    try {
      encodeBaseline({ accepted: [one] });
      // Of two that are alike the worse comes first in a report, and is what is accepted.
      if (!all.has(nameOf(one))) all.set(nameOf(one), one);
    } catch {
      leftOut++;
    }
  }
  const text = encodeBaseline({ accepted: [...all.values()] });
  await writeDocument(args, args.one('write-baseline')!, text, signal);
  return { written: all.size, leftOut };
}

function nameOf({ check, resource, outcome, found }: Acceptance): string {
  return JSON.stringify([check, resource, outcome, found]);
}
