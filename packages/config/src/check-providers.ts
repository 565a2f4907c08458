import { isAbsolute } from 'node:path';
import { type AnyProvider, isModulePath, isProvider, OUR_SCHEMES } from '@weightseal/keys';
import { STORE_SCHEMES } from '@weightseal/stores';
import type { ProfileInput, ProviderInput } from './define.js';
import { hasReference } from './interpolate.js';
import type { Path, Problem } from './source.js';

const SCHEME = /^[a-z][a-z0-9+.-]*$/;
/** As npm has them, with a path into the package or without: none of its steps is empty, `.` or `..`, which would lead out of it. */
const PACKAGE =
  /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/(?!\.{1,2}(?:\/|$))[\w.@~+-]+)*$/i;

/** Deeper than any options are; a YAML alias can make a circle. */
export const MAX_DEPTH = 8;

/** What `providers` says that cannot be. What the packages and files are is seen when one of their keys is used. */
export function badProviders({ providers = {} }: ProfileInput, path: Path): Problem[] {
  return Object.entries(providers).flatMap(([scheme, input]): Problem[] => {
    const at = [...path, 'providers', scheme];
    const wrong = schemeProblem(scheme);
    if (wrong !== undefined) return [{ path: at, part: 'name', text: wrong }];
    if (isTooDeep(optionsOf(input)))
      return [{ path: [...at, 'options'], text: `is nested in itself, or deeper than ${MAX_DEPTH} levels.` }];
    const problem = moduleProblem(moduleOf(input));
    return problem === undefined
      ? []
      : [{ path: typeof input === 'string' ? at : [...at, 'module'], text: problem }];
  });
}

/** Whether objects and lists are in each other too often, or in themselves. */
export function isTooDeep(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.length >= MAX_DEPTH || around.includes(value)) return true;
  return Object.values(value).some((inner) => isTooDeep(inner, [...around, value]));
}

/** A name, or in a program the provider itself. */
export function moduleOf(input: ProviderInput): string | AnyProvider {
  return typeof input === 'string' || isProvider(input) ? input : input.module;
}

export function optionsOf(input: ProviderInput): object | undefined {
  return typeof input === 'string' || isProvider(input) ? undefined : input.options;
}

function schemeProblem(scheme: string): string | undefined {
  if ([...OUR_SCHEMES, ...STORE_SCHEMES].includes(scheme as never))
    return "is a scheme of weightseal's own, and no other provider can take it over; choose another.";
  return SCHEME.test(scheme)
    ? undefined
    : 'is no scheme: that is a letter in lower case and then letters, digits and + . -';
}

function moduleProblem(module: string | AnyProvider): string | undefined {
  if (typeof module !== 'string') return undefined;
  // What runs must stand in the configuration: whoever trusts it has read that.
  if (hasReference(module))
    return 'takes nothing from the environment: what is run stands in the configuration.';
  if (isAbsolute(module)) return 'is an absolute path; name the file from here, beginning with ./ or ../.';
  if (isModulePath(module) || PACKAGE.test(module)) return undefined;
  return 'is neither the name of a package nor a path that begins with ./ or ../.';
}
