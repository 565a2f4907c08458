import type { Finding } from '../types.js';
import type { StaleAcceptance } from './apply-baseline.js';
import { inOrder, type Report, scopeOf, summaryOf, withOutcome } from './report.js';
import { printable, printableLines } from './text.js';

/** For a ticket. What was found is shown verbatim: nothing in it names people, links, or becomes HTML. What passed is only counted. */
export function markdownOf(report: Report): string {
  const ordered = inOrder(report.findings);
  const failed = withOutcome(ordered, 'failed');
  const unread = withOutcome(ordered, 'unread');
  const scope = scopeOf(report);
  return [
    `# Storage audit of ${code(report.place)}`,
    ...(scope === undefined ? [] : [plain(scope)]),
    `${summaryOf(report)}.`,
    ...failed.flatMap((finding) => section(finding, report)),
    ...part(
      'Could not be read',
      'None of this is known to be right. Grant what is missing, and audit again.',
      unread.map(({ severity, check, resource, evidence }) =>
        item(`${severity}: ${code(check)} of ${code(resource)}`, evidence),
      ),
    ),
    ...part(
      'Accepted',
      'The baseline accepts these until they expire.',
      (report.accepted ?? []).map(({ finding, acceptance }) =>
        item(
          `${finding.severity}: ${code(finding.check)} of ${code(finding.resource)}, until ${acceptance.expires}`,
          `${acceptance.reason} (${acceptance.who})`,
        ),
      ),
    ),
    ...part(
      'Of the baseline',
      'These acceptances have no effect.',
      (report.stale ?? []).map((one) => `- ${staleIn(one)}`),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

function staleIn({ acceptance: { check, resource, severity, expires }, why }: StaleAcceptance): string {
  const what = `${code(check)} of ${code(resource)}`;
  if (why === 'expired') return `${what} expired ${plain(expires)}: mend it, or have it accepted anew.`;
  if (why === 'worse')
    return `${what} is worse than ${plain(severity)}, which was accepted, or more: mend it, or have it accepted anew.`;
  if (why === 'changed')
    return `${what} is something else than what was accepted: mend it, or have it accepted anew.`;
  return `${what}: nothing of that was found; remove it.`;
}

function section(finding: Finding, { checks }: Report): string[] {
  const { check: id, resource, severity, evidence, mend } = finding;
  const check = checks.find((one) => one.id === id);
  return [
    `## ${severity}: ${check ? plain(check.title) : code(id)}`,
    `${code(id)} of ${code(resource)}`,
    fenced(evidence, 'text'),
    ...(check ? [`**Why.** ${plain(check.why)}`, `**When sealed.** ${plain(check.whenSealed)}`] : []),
    ...(mend
      ? [
          'To mend it:',
          fenced(mend.command, 'sh'),
          ...(mend.terraform === undefined ? [] : ['or in Terraform:', fenced(mend.terraform, 'hcl')]),
        ]
      : []),
  ];
}

function part(title: string, says: string, items: readonly string[]): string[] {
  return items.length > 0 ? [`## ${title}`, says, items.join('\n')] : [];
}

function item(head: string, text: string): string {
  return `- ${head}: ${code(text)}`;
}

/** CommonMark §6.1: a run of backticks longer than any within; a space is taken off at each end. */
function code(text: string): string {
  const shown = printable(text);
  const ticks = '`'.repeat(longestRun(shown) + 1);
  const space = /^[` ]|[` ]$/.test(shown) || shown === '' ? ' ' : '';
  return `${ticks}${space}${shown}${space}${ticks}`;
}

/** CommonMark §4.5. */
function fenced(text: string, language: string): string {
  const shown = printableLines(text.trimEnd());
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Words of ours, in which no character means anything to Markdown: §2.4. */
function plain(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>#|~&]/g, '\\$&');
}
