/** Why tests that take long, and that hardly anything changes, are left to `test:thorough`, which CI calls; undefined where they run. */
export const leftOut: string | undefined =
  process.env['WEIGHTSEAL_THOROUGH'] === undefined ? '`npx pnpm@12 test:thorough` runs them' : undefined;
