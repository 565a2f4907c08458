import type { ProviderSource, Providers } from '@weightseal/keys';
import { usageError } from './cli-error.js';
import type { Args } from './types.js';

/**
 * The providers that the command line names: `--provider corp-kms=@corp/kms`. A path counts from the working directory. A package is looked for where
 * weightseal is installed, and not there: whoever has the flag in an alias shall not run what a downloaded directory brings along.
 */
export async function providersOf(args: Args): Promise<Providers> {
  const given = args.many('provider');
  if (given.length === 0) return {};
  const { isModulePath } = await import('@weightseal/keys');
  const found = new Map<string, ProviderSource>();
  for (const pair of given) {
    const [, scheme, module] = /^([^=:]+)=(.+)$/s.exec(pair) ?? [];
    if (scheme === undefined || module === undefined)
      throw usageError(`--provider takes <scheme>=<package or ./file>, not ${JSON.stringify(pair)}.`);
    if (found.has(scheme))
      throw usageError(`--provider names ${JSON.stringify(scheme)} twice; name it once.`);
    // Undefined in the single program, beside which nothing is installed.
    const beside: string | undefined = import.meta.dirname;
    found.set(scheme, { module, from: isModulePath(module) ? process.cwd() : beside });
  }
  return Object.fromEntries(found);
}
