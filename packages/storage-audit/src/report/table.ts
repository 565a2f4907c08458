import type { Finding } from '../types.js';
import type { StaleAcceptance } from './apply-baseline.js';
import { inOrder, type Report, SEVERITIES, scopeOf, summaryOf } from './report.js';
import { padded, printable, printableLines, widthOf, wrapped } from './text.js';

export interface TableOptions {
  /** Columns of the terminal; 100 unless told, and never fewer than 40. */
  readonly width?: number | undefined;
  /** Whether what passed and what is not applicable is told too. The default is false. */
  readonly all?: boolean | undefined;
  /** Whether to say why each matters, what sealing changes about it, and how it is mended. The default is false. */
  readonly explain?: boolean | undefined;
}

const LEAST_WIDTH = 40;
const GAP = '  ';
const MARGIN = '    ';
const HEAD = { severity: 'SEVERITY', outcome: 'OUTCOME', check: 'CHECK', resource: 'RESOURCE' };
const OUTCOME_WORDS = { failed: 'failed', unread: 'unread', passed: 'passed', inapplicable: 'n/a' };
/** Of a check's name; more would leave nothing for the resource. */
const MOST_CHECK = 40;

/** For a terminal: what is wrong first, below each what was seen. Nothing in it acts on the terminal, and no line is longer than it is wide, but for commands, which are there to be copied. */
export function tableOf(report: Report, options: TableOptions = {}): string {
  const { width: asked = 100, all = false } = options;
  const width = Math.max(LEAST_WIDTH, Math.trunc(asked));
  const shown = inOrder(report.findings).filter(
    ({ outcome }) => all || outcome === 'failed' || outcome === 'unread',
  );
  const lines = wrapped(`Storage audit of ${printable(report.place)}`, width);
  const scope = scopeOf(report);
  if (scope !== undefined) lines.push(...wrapped(printable(scope), width));
  if (shown.length > 0) lines.push('', ...rowsOf(report, shown, { ...options, width }));
  const stale = (report.stale ?? []).flatMap((one) => wrapped(printable(staleIn(one)), width));
  if (stale.length > 0) lines.push('', ...stale);
  return [...lines, '', ...wrapped(summaryOf(report), width), ''].join('\n');
}

function staleIn({ acceptance: { check, resource, severity, expires }, why }: StaleAcceptance): string {
  if (why === 'expired')
    return `The baseline's acceptance of ${check} for ${resource} expired ${expires}: mend it, or have it accepted anew.`;
  if (why === 'worse')
    return `The baseline accepts ${check} for ${resource} as ${severity}, and it is worse, or more: mend it, or have it accepted anew.`;
  if (why === 'changed')
    return `The baseline accepts ${check} for ${resource}, and what is found there is something else by now: mend it, or have it accepted anew.`;
  return `The baseline accepts ${check} for ${resource}, of which nothing was found: remove that.`;
}

function rowsOf(
  report: Report,
  findings: readonly Finding[],
  { width, explain = false }: TableOptions & { readonly width: number },
): string[] {
  const severity = Math.max(HEAD.severity.length, ...SEVERITIES.map(widthOf));
  const outcome = HEAD.outcome.length;
  const longest = Math.max(HEAD.check.length, ...findings.map(({ check }) => widthOf(printable(check))));
  const check = Math.min(longest, MOST_CHECK, Math.floor(width / 3));
  const last = Math.max(1, width - severity - outcome - check - 3 * GAP.length);
  const row = (cells: readonly [string, string, string, string]): string[] => {
    const [checks, resources] = [wrapped(cells[2], check), wrapped(cells[3], last)];
    return Array.from({ length: Math.max(checks.length, resources.length) }, (_, at) =>
      [
        padded(at === 0 ? cells[0] : '', severity),
        padded(at === 0 ? cells[1] : '', outcome),
        padded(checks[at] ?? '', check),
        resources[at] ?? '',
      ]
        .join(GAP)
        .trimEnd(),
    );
  };
  const under = (text: string) =>
    wrapped(printable(text), width - MARGIN.length).map((line) => `${MARGIN}${line}`.trimEnd());
  const rows = row([HEAD.severity, HEAD.outcome, HEAD.check, HEAD.resource]);
  for (const one of findings) {
    const { check: id, resource, evidence } = one;
    rows.push(...row([one.severity, OUTCOME_WORDS[one.outcome], printable(id), printable(resource)]));
    rows.push(...under(evidence));
    if (explain) rows.push(...explained(report, one, under));
  }
  return rows;
}

function explained({ checks }: Report, finding: Finding, under: (text: string) => string[]): string[] {
  const check = checks.find(({ id }) => id === finding.check);
  const command = finding.mend?.command;
  return [
    ...(check ? [...under(`Why: ${check.why}`), ...under(`When sealed: ${check.whenSealed}`)] : []),
    ...(command === undefined
      ? []
      : ['Mend it:', ...printableLines(command).split('\n')].map((line) => `${MARGIN}${line}`)),
  ];
}
