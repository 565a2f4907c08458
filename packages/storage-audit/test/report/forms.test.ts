import { isWeightsealError } from '@weightseal/core';
import {
  evidenceOf,
  exitCodeOf,
  type Finding,
  jsonOf,
  markdownOf,
  type Severity,
  sarifOf,
  tableOf,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { ACTS, finding, HOSTILE, hostile, report } from './example.js';

describe('the table', () => {
  it('has what is wrong first, then what could not be read, and counts the rest', () => {
    expect(tableOf(report)).toBe(`Storage audit of s3://models

SEVERITY  OUTCOME  CHECK             RESOURCE
critical  failed   s3/policy-public  s3://models
    Statement "All" lets everybody read.
medium    unread   s3/versioning     s3://logs
    Denied.

1 failed (1 critical); 1 could not be read (1 medium); 1 passed; 0 not applicable
`);
    expect(tableOf(report, { all: true })).toContain('medium    passed   s3/versioning     s3://models');
    expect(tableOf(report, { explain: true })).toContain(
      '    Why: Whoever has the address reads it.\n    When sealed: Readers get ciphertext.\n    Mend it:\n    aws s3api',
    );
  });

  it('says of nothing wrong that it is so', () => {
    expect(tableOf({ ...report, findings: report.findings.slice(0, 1) })).toBe(
      'Storage audit of s3://models\n\n0 failed; 0 could not be read; 1 passed; 0 not applicable\n',
    );
  });

  it('does not act on a terminal, whatever the names are', () => {
    for (const options of [{}, { all: true, explain: true }, { width: 40 }])
      for (const line of tableOf(hostile, options).split('\n')) expect(line).not.toMatch(ACTS);
  });

  it('is as wide as the terminal, also where letters take two columns', () => {
    const wide = finding({ resource: `s3://${'模型'.repeat(60)}`, evidence: `${'권한 '.repeat(80)}` });
    for (const width of [40, 57, 100, 200])
      for (const line of tableOf({ ...report, findings: [wide] }, { width }).split('\n'))
        expect([...line].reduce((sum, char) => sum + (char > '\u1100' ? 2 : 1), 0)).toBeLessThanOrEqual(
          width,
        );
    const long = finding({ check: `s3/${'x'.repeat(90)}`, resource: 'q'.repeat(300) });
    const text = tableOf({ ...report, findings: [long] }, { width: 60 });
    expect(text.split('\n').every((line) => line.length <= 60)).toBe(true);
    expect(text.match(/q/g)).toHaveLength(300);
  });

  it('tells of acceptances without effect', () => {
    const acceptance = {
      check: 'c',
      resource: 'r',
      severity: 'low' as const,
      reason: 'x',
      who: 'me',
      expires: '2020-01-01T00:00:00Z',
    };
    const stale = (['expired', 'worse', 'changed', 'unmatched'] as const).map((why) => ({ acceptance, why }));
    const text = tableOf({ ...report, stale }, { width: 200 });
    const worse =
      'The baseline accepts c for r as low, and it is worse, or more: mend it, or have it accepted anew.';
    expect(text).toContain(worse);
    expect(text).toContain('and what is found there is something else by now');
    expect(markdownOf({ ...report, stale })).toContain('`c` of `r` is something else than what was accepted');
    expect(markdownOf({ ...report, stale })).toContain('- `c` of `r` is worse than low, which was accepted');
    expect(text).toContain(
      "The baseline's acceptance of c for r expired 2020-01-01T00:00:00Z: mend it, or have it accepted anew.",
    );
    expect(text).toContain('The baseline accepts c for r, of which nothing was found: remove that.');
  });
});

it('each form says of what it is, where that is not all of it', () => {
  const scope = { settings: false, objects: true, sample: 0.05, after: 'b' };
  const words =
    'It was looked not at how it is set up, and at a share of 0.05 of the objects only, and only at what comes behind "b".';
  const when = { start: new Date(0), end: new Date(1) };
  const of = { ...report, scope };
  expect(tableOf(of, { width: 200 }).split('\n')[1]).toBe(words);
  expect(markdownOf(of)).toContain(words);
  expect(jsonOf(of).scope).toEqual(scope);
  expect(sarifOf(of).runs[0].automationDetails.description).toEqual({ text: words });
  expect(evidenceOf(of, when)['assessment-results'].metadata.scope).toBe(words);
  const whole = { ...report, scope: { settings: true, objects: true } };
  expect(tableOf(whole)).toBe(tableOf(report));
});

describe('JSON', () => {
  it('is the same in whatever order the findings came', () => {
    const turned = { ...report, findings: report.findings.toReversed() };
    expect(JSON.stringify(jsonOf(turned))).toBe(JSON.stringify(jsonOf(report)));
    expect(jsonOf(report)).toMatchObject({
      format: 'weightseal-storage-audit/1',
      place: 's3://models',
      counts: {
        failed: { critical: 1, high: 0 },
        unread: { medium: 1 },
        passed: 1,
        inapplicable: 0,
        accepted: 0,
      },
    });
    expect(jsonOf(report).findings.map(({ outcome }) => outcome)).toEqual(['failed', 'unread', 'passed']);
  });

  it('loses nothing', () => {
    expect(JSON.parse(JSON.stringify(jsonOf(hostile))).findings[0].mend.command).toBe(HOSTILE);
  });
});

describe('Markdown', () => {
  it('is a ticket', () => {
    expect(markdownOf(report)).toBe(`# Storage audit of \`s3://models\`

1 failed (1 critical); 1 could not be read (1 medium); 1 passed; 0 not applicable.

## critical: No statement of the policy is for \\*everybody\\*

\`s3/policy-public\` of \`s3://models\`

\`\`\`text
Statement "All" lets everybody read.
\`\`\`

**Why.** Whoever has the address reads it.

**When sealed.** Readers get ciphertext.

To mend it:

\`\`\`sh
aws s3api delete-bucket-policy --bucket models
\`\`\`

or in Terraform:

\`\`\`hcl
resource "x" "y" {
  a = 1
}
\`\`\`

## Could not be read

None of this is known to be right. Grant what is missing, and audit again.

- medium: \`s3/versioning\` of \`s3://logs\`: \`Denied.\`
`);
  });

  it('names nobody, links nowhere and holds no HTML outside of code', () => {
    const text = markdownOf(hostile);
    const fences = text.replace(/^(`{3,})\w*\n[\s\S]*?\n\1$/gm, '');
    const outside = fences.replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
    expect(outside).not.toMatch(/[@<]|\]\(|#1/);
    expect(outside).toContain('## critical');
    for (const line of text.split('\n')) expect(line).not.toMatch(ACTS);
  });
});

it('Markdown keeps what would end a block within it', () => {
  const command = 'cat <<E\n```\n# Accepted\n````\nE';
  const text = markdownOf({ ...report, findings: [finding({ mend: { command, terraform: 'a = 1' } })] });
  expect(text).toContain(`\`\`\`\`\`sh\n${command}\n\`\`\`\`\`\n`);
});

describe('the exit code', () => {
  const of = (severity: Severity, outcome: Finding['outcome'] = 'failed') => finding({ severity, outcome });

  it('follows the worst of what failed', () => {
    expect(exitCodeOf([])).toBe(0);
    expect(exitCodeOf([of('critical', 'passed'), of('high', 'inapplicable')])).toBe(0);
    expect(exitCodeOf([of('info')])).toBe(0);
    expect(exitCodeOf([of('info')], { failOn: 'info' })).toBe(10);
    expect(exitCodeOf([of('low')])).toBe(11);
    expect(exitCodeOf([of('low'), of('high'), of('medium')])).toBe(13);
    expect(exitCodeOf([of('critical'), of('high')], { failOn: 'high' })).toBe(14);
    expect(exitCodeOf([of('medium')], { failOn: 'high' })).toBe(0);
    expect(exitCodeOf([of('critical')], { failOn: 'never' })).toBe(0);
  });

  it.each(['hihg', 'HIGH', '', null, 3, 'constructor'])('is none for %j', (failOn) => {
    const code = (findings: Finding[], options = {}) => {
      try {
        return exitCodeOf(findings, options);
      } catch (error) {
        return isWeightsealError(error) && error.code;
      }
    };
    expect(code([of('critical')], { failOn })).toBe('INVALID_ARGUMENT');
    expect(code([], { failOn })).toBe('INVALID_ARGUMENT');
    expect(code([of(failOn as Severity)])).toBe('INVALID_ARGUMENT');
    expect(code([of(failOn as Severity)], { failOn: 'never' })).toBe('INVALID_ARGUMENT');
    expect(code([of('low', failOn as 'failed')])).toBe('INVALID_ARGUMENT');
  });

  it('is never 0 where something could not be read that counts', () => {
    expect(exitCodeOf([of('critical', 'unread')])).toBe(9);
    expect(exitCodeOf([of('critical', 'unread'), of('low')])).toBe(11);
    expect(exitCodeOf([of('medium', 'unread')], { failOn: 'high' })).toBe(0);
  });
});
