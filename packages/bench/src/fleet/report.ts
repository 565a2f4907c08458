import { table } from '../report/block.ts';
import type { Row } from '../report/format.ts';
import type { Outcome } from './model.ts';
import type { Scenario } from './scenarios.ts';

export const HEAD: Row = ['', 'half', '99 %', 'all', 'no faster than', 'origin sends', 'wasted'];

export function renderTable(
  results: readonly { readonly scenario: Scenario; readonly outcome: Outcome }[],
): string {
  return table(
    HEAD,
    results.map(({ scenario, outcome }) => row(scenario, outcome)),
  );
}

function row({ title, least }: Scenario, outcome: Outcome): Row {
  const { originBytes, wastedBytes } = outcome;
  return [
    title,
    ...[0.5, 0.99, 1].map((share) => seconds(waitOf(outcome, share))),
    least === undefined ? '' : seconds(least),
    terabytes(originBytes),
    terabytes(wastedBytes),
  ];
}

/** After how many seconds that share of the machines has all; undefined if it never has. */
export function waitOf({ waits, unfinished }: Outcome, share: number): number | undefined {
  return waits[Math.ceil(share * (waits.length + unfinished)) - 1];
}

function seconds(value: number | undefined): string {
  return value === undefined ? 'never' : `${Math.round(value).toLocaleString('en-US')} s`;
}

function terabytes(bytes: number): string {
  return bytes === 0 ? '0' : `${(bytes / 1e12).toFixed(2)} TB`;
}
