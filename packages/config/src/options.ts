import { checkKinds, filePath } from '@weightseal/core';

/** Where a configuration is looked for, as paths. */
export interface Places {
  readonly cwd?: string | undefined;
  readonly path?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** @throws INVALID_ARGUMENT */
export function checkedPlaces(
  options: { readonly [name in 'cwd' | 'path']?: string | URL | undefined } & Pick<Places, 'env'>,
  of: string,
): Places {
  const kinds = { cwd: 'path', path: 'path', env: 'object', profile: 'string', providers: 'object' } as const;
  const { cwd, path, env } = checkKinds(options, of, kinds, [], true);
  return { cwd: filePath(cwd), path: filePath(path), env };
}
