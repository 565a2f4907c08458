// What vitest's JSON report says of one emulator, and what the whole run comes to.

/**
 * Counts the cases. A file or a top-level `describe` of which everything was skipped is another emulator's, and is left out. A file that
 * could not even be loaded counts as a failed case.
 */
export function countCases(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, name, assertionResults } of report.testResults) {
    const groups = Map.groupBy(assertionResults, ({ ancestorTitles }) => ancestorTitles[0] ?? name);
    for (const cases of groups.values()) {
      const [passed, failed] = ['passed', 'failed'].map(
        (one) => cases.filter((c) => c.status === one).length,
      );
      if (passed + failed === 0) continue;
      counts.passed += passed;
      counts.failed += failed;
      counts.skipped += cases.length - passed - failed;
    }
    if (status === 'failed' && !assertionResults.some((one) => one.status === 'failed')) counts.failed++;
  }
  return counts;
}

/** The line for one emulator. An outcome is `counts`, or why there are none: `missing` or `broken`. */
export function told({ name, provider, version }, { counts, missing, broken }) {
  const who = `${provider.replace(/^(?:kms|store)-/, '')} ${name} ${version.replace(/^v(?=\d)/, '')}`;
  if (missing !== undefined) return `${who}: MISSING, could not be installed: ${missing}`;
  if (broken !== undefined) return `${who}: BROKEN, did not start: ${broken}`;
  const { passed, failed, skipped } = counts;
  if (passed + failed === 0) return `${who}: NO CASES`;
  const parts = [`${passed} passed`, failed > 0 && `${failed} FAILED`, skipped > 0 && `${skipped} skipped`];
  return `${who}: ${parts.filter(Boolean).join(', ')}`;
}

/** Whether all is well. What could not be installed is forgiven when only what is `available` was asked for. */
export function isSound(outcomes, { available }) {
  const ran = ({ counts }) => counts !== undefined && counts.failed === 0 && counts.passed > 0;
  const forgiven = ({ missing }) => available && missing !== undefined;
  return outcomes.some(ran) && outcomes.every((one) => ran(one) || forgiven(one));
}
