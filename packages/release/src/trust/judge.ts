import {
  checkFiles,
  type ReadManifest,
  readManifest,
  type UnopenedRelease,
  WeightsealError,
} from '@weightseal/core';
import { checkCurrent } from '../channel/current.js';
import { verifySigned } from '../release/verify-release.js';
import { checkAge } from './age.js';
import type { CheckedRule } from './policy.js';

export interface Work {
  readonly release: UnopenedRelease;
  readonly ruleFor: (model: string) => CheckedRule | undefined;
  readonly state: 'user' | 'none';
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

export interface Named extends ReadManifest {
  readonly model: string;
}

/**
 * The manifest of what is about to be opened, and which model that is; empty for one of no name.
 *
 * @param model what the envelope says
 * @throws what `readManifest` throws
 */
export async function readNamed({ release, signal }: Work, model: string | undefined): Promise<Named> {
  const read = await readManifest(release, { signal });
  const { name } = read.manifest;
  if (model === undefined || name === undefined || name === model)
    return { ...read, model: model ?? name ?? '' };
  throw new WeightsealError(
    'MANIFEST_MISMATCH',
    `${release.name} is sealed as the model ${JSON.stringify(model)}, and its manifest calls it ${JSON.stringify(name)}. Get a sound copy from where it was released.`,
  );
}

/** @throws a code of class `trust`, and what the places throw */
export async function judgeBy(named: Named, work: Work): Promise<void> {
  const { release, ruleFor, signal } = work;
  const { model, digest, manifest } = named;
  const rule = ruleFor(model);
  if (!rule) throw unknown(release, model);
  await verifySigned(release, named, rule.signers, signal);
  if (release.kind === 'bundle') await checkFiles(manifest, release, { signal });
  checkAge(manifest, rule);
  if (rule.channel) await checkCurrent({ ...rule.channel, model, digest }, work);
}

function unknown({ name }: UnopenedRelease, model: string): WeightsealError {
  const what = model === '' ? 'has no name' : `is the model ${JSON.stringify(model)}`;
  return new WeightsealError(
    'SIGNER_UNTRUSTED',
    `${name} ${what}, and no rule of the trust policy is about that, so nobody is trusted to release it. Add a rule if that is right.`,
  );
}
