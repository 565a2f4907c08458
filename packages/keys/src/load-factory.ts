import { loadError, WeightsealError } from '@weightseal/core';
import type { Words } from './words.js';

/**
 * A package of ours, imported only when it is used: a provider's SDK may take longer to load than everything else.
 *
 * @hidden
 */
export interface OurProvider<Made> {
  readonly package: string;
  load(): Promise<Made>;
}

/**
 * @throws PROVIDER_MISSING when the package itself is not installed; INTERNAL when it is, and does not load; IO_ERROR when the machine refuses to load it
 * @hidden
 */
export async function loadFactory<Made extends object>(
  scheme: string,
  provider: OurProvider<Made>,
  { many, Many }: Words,
): Promise<Made> {
  const install = `npm install ${provider.package}`;
  const broken = (cause: unknown) =>
    new WeightsealError(
      'INTERNAL',
      `The package ${provider.package} is installed and does not load; install it anew: \`${install}\`.`,
      { cause },
    );
  const made: Made | undefined = await provider.load().catch((cause: unknown) => {
    if (missingPackage(cause) !== provider.package) throw loadError(cause, provider.package) ?? broken(cause);
    throw new WeightsealError(
      'PROVIDER_MISSING',
      `${Many} of ${scheme}: need a package that is not installed: \`${install}\` (add --global where weightseal itself is installed so).`,
      { cause },
    );
  });
  // Of another version than ours.
  if (made === undefined) throw broken(new Error(`It has no ${many} of ${scheme}:`));
  return made;
}

/**
 * The package that Node did not find. A provider that is installed may lack a dependency of its own, and that fails with the same
 * code: only the specifier tells the two apart, and Node has it nowhere but in the message.
 */
export function missingPackage(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  return /^Cannot find package '([^']+)'/.exec(message)?.[1];
}
