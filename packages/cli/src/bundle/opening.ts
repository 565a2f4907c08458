import type { OpenBundleOptions } from '@weightseal/core';
import type { Used } from '../configuration.js';
import { keysToOpen } from '../keys.js';
import type { Args, Session } from '../types.js';
import { contextOf } from '../values.js';

interface Opening {
  readonly options: OpenBundleOptions;
  /** For --json. */
  readonly used: Used;
}

/** What all that open a directory are asked with. */
export async function openingOf(args: Args, { signal }: Session, command: string): Promise<Opening> {
  const { keys, hedgeMs, trust, used } = await keysToOpen(args, command);
  const context = contextOf(args);
  const allowExtra = globs(args, 'allow-extra');
  const whole = command === 'open' && globs(args, 'only') === undefined;
  return { options: { keys, hedgeMs, trust, context, allowExtra, whole, signal }, used };
}

/** Those that were given; undefined without any. */
export function globs(args: Args, flag: 'only' | 'allow-extra'): readonly string[] | undefined {
  const given = args.many(flag);
  return given.length > 0 ? given : undefined;
}
