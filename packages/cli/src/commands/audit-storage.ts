import { baselineOf, decisionOf, writeBaseline } from '../audit/baseline.js';
import { oneOf, partsOf, sampleOf } from '../audit/choices.js';
import { storageAudit } from '../audit/load.js';
import { configurationOf, objectsAsked } from '../audit/objects.js';
import { FORMATS, membersOf, type Shown, textOf } from '../audit/report.js';
import { lookAtObjects } from '../audit/run-objects.js';
import { auditSettings } from '../audit/settings.js';
import { usageError } from '../cli-error.js';
import { used } from '../configuration.js';
import { Place } from '../place.js';
import { quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { writeDocument } from '../write-document.js';

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info', 'never'] as const;

export async function auditStorage(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  const parts = partsOf(args);
  const failOn = oneOf(args, 'fail-on', SEVERITIES, 'low');
  const format = oneOf(args, 'format', FORMATS, 'table');
  const output = args.one('output');
  if (args.has('json') && output === undefined && args.one('format') !== undefined)
    throw usageError('audit storage: --json is a form of its own; --format goes with -o then.');
  const decision = decisionOf(args);
  const baseline = await baselineOf(args);
  const { applyBaseline, exitCodeOf, OBJECT_CHECKS } = await storageAudit();
  const config = await configurationOf(args);
  await using place = await Place.of(args, input);
  const { signal } = session;
  const start = new Date();
  session.waiting(`reading how ${quote(input)} is set up`);
  const settings = parts.storage ? await auditSettings(args, place, signal) : undefined;
  session.waiting(`looking at what lies in ${quote(input)}`);
  const looked = parts.objects
    ? await lookAtObjects(args, place, await objectsAsked(args, place, config, signal), session)
    : undefined;
  const findings = [...(settings?.findings ?? []), ...(looked?.tally.findings() ?? [])];
  const applied = applyBaseline(findings, baseline ?? { accepted: [] }, { now: start });
  const shown: Shown = {
    report: {
      place: input,
      scope: {
        settings: (settings?.checks.length ?? 0) > 0,
        objects: parts.objects,
        sample: sampleOf(args),
        after: args.one('after'),
      },
      checks: [...(settings?.checks ?? []), ...(looked ? OBJECT_CHECKS : [])],
      ...applied,
    },
    tally: looked?.tally,
    start,
    end: new Date(),
    explain: args.has('explain'),
    all: args.has('all'),
  };
  const toStdout = output === undefined || output === '-';
  if (!toStdout) await writeDocument(args, output, await textOf(format, shown), signal);
  const accepting = decision && (await writeBaseline(args, applied, decision, signal));
  const text = await textOf(toStdout ? format : 'table', shown);
  return {
    value: {
      input,
      ...(!toStdout && { output }),
      ...(await membersOf(shown)),
      cursor: looked?.cursor,
      ...used(config),
    },
    lines: [...text.trimEnd().split('\n'), ...(toStdout ? [] : [`wrote ${quote(output)}`])],
    essential: toStdout,
    notes: accepting ? notesOf(args, accepting) : [],
    exitCode: accepting && accepting.leftOut === 0 ? 0 : exitCodeOf(applied.findings, { failOn }),
  };
}

function notesOf(
  args: Args,
  { written, leftOut }: { readonly written: number; readonly leftOut: number },
): readonly (string | undefined)[] {
  return [
    `${quote(args.one('write-baseline')!)} accepts ${written} findings, until they expire.`,
    leftOut > 0 ? `${leftOut} have names that a baseline cannot hold, and were not accepted.` : undefined,
  ];
}
