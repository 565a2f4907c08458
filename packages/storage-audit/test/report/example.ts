import type { Check, Finding, Report } from '@weightseal/storage-audit';

export const CHECKS: readonly Check[] = [
  {
    id: 's3/policy-public',
    title: 'No statement of the policy is for *everybody*',
    why: 'Whoever has the address reads it.',
    whenSealed: 'Readers get ciphertext.',
    severity: { plain: 'critical', sealed: 'medium' },
  },
  {
    id: 's3/versioning',
    title: 'Versions are kept',
    why: 'What is replaced is gone.',
    whenSealed: 'Sealing brings nothing back.',
    severity: { plain: 'medium', sealed: 'medium' },
  },
];

export const finding = (given: Partial<Finding> = {}): Finding => ({
  check: 's3/policy-public',
  resource: 's3://models',
  outcome: 'failed',
  severity: 'critical',
  evidence: 'Statement "All" lets everybody read.',
  ...given,
});

/** Text that tries to act wherever it is shown. */
export const HOSTILE =
  'a\u001b[2J\u001b]0;owned\u0007\r\n\u202eevil\u2066 @everyone #1 [click](https://evil.example) <img src=x> ```\n{0} | \ud800';

export const hostile: Report = {
  place: HOSTILE,
  checks: CHECKS,
  findings: [
    finding({ resource: HOSTILE, evidence: HOSTILE, mend: { command: HOSTILE, terraform: HOSTILE } }),
    finding({ check: HOSTILE, outcome: 'unread', resource: HOSTILE, evidence: HOSTILE }),
  ],
  accepted: [
    {
      finding: finding({ resource: HOSTILE, evidence: HOSTILE }),
      acceptance: {
        check: 's3/policy-public',
        resource: HOSTILE,
        severity: 'critical',
        reason: HOSTILE,
        who: HOSTILE,
        expires: '2030-01-01T00:00:00Z',
      },
    },
  ],
  stale: [
    {
      acceptance: {
        check: HOSTILE,
        resource: HOSTILE,
        severity: 'critical',
        reason: 'r',
        who: 'w',
        expires: '2020-01-01T00:00:00Z',
      },
      why: 'unmatched',
    },
  ],
};

export const report: Report = {
  place: 's3://models',
  checks: CHECKS,
  findings: [
    finding({ check: 's3/versioning', outcome: 'passed', severity: 'medium', evidence: 'Versioning is on.' }),
    finding({
      check: 's3/versioning',
      resource: 's3://logs',
      outcome: 'unread',
      severity: 'medium',
      evidence: 'Denied.',
    }),
    finding({
      mend: {
        command: 'aws s3api delete-bucket-policy --bucket models',
        terraform: 'resource "x" "y" {\n  a = 1\n}',
      },
    }),
  ],
};

/** Whether a terminal would act on it, or show it in another order. */
export const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;
