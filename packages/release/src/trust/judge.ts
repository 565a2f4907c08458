import {
  type ReadManifest,
  readManifest,
  SIGNATURE_NAME,
  type UnopenedRelease,
  WeightsealError,
} from '@weightseal/core';
import { checkCurrent } from '../channel/current.js';
import { MODEL_PREDICATE, type ModelStatement } from '../statement/model.js';
import { verifyStatement } from '../verify.js';
import { checkAge } from './age.js';
import { checkContents } from './contents.js';
import type { CheckedRule } from './policy.js';

/** Of about 300,000 files. */
const MAX_SIGNATURE = 67_108_864;

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
  const signature = await release.read(SIGNATURE_NAME, MAX_SIGNATURE, signal);
  if (!signature)
    throw new WeightsealError(
      'SIGNATURE_MISSING',
      `${release.name} has no signature (${SIGNATURE_NAME}; beside a file under its own name), and the policy asks for one of ${calls(model)}. Get it from where it was released, or have it signed (\`weightseal sign\`).`,
    );
  const { statement } = await verifyStatement(signature, rule.signers, {
    predicateType: MODEL_PREDICATE,
    signal,
  });
  checkContents(statement as ModelStatement, named);
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

function calls(model: string): string {
  return model === '' ? 'what has no name' : JSON.stringify(model);
}
