/** How often each operation is killed; .ci/run does it more often. */
export const KILLS: number = Number(process.env['WEIGHTSEAL_KILLS'] ?? 4);
const MORE = 40;

export interface Moment {
  /** When it is, as a part of the time that the operation should take. */
  readonly part: number;
  /** It is one of those that follow because of what was missing. */
  readonly more: boolean;
}

/**
 * When to kill: spread evenly over the operation. How long that takes has been measured, and a machine that others use is soon faster or slower than it was.
 * So where kills of one kind are still missing after all of them, more follow, each time earlier or later, until there is one.
 */
export function* moments(missing: () => 'early' | 'late' | undefined): Generator<Moment> {
  for (let kill = 0; kill < KILLS; kill++) yield { part: (kill + Math.random()) / KILLS, more: false };
  let part = 1;
  for (let kill = 0; kill < MORE; kill++) {
    const lack = missing();
    if (lack === undefined) return;
    part *= lack === 'late' ? 1.3 : 0.8;
    yield { part, more: true };
  }
}
