import type { KeyDescription, RotationStatus } from '@weightseal/core';
import { checkKey, type KeyCheck, type Step, works } from '../check-key.js';
import { usageError } from '../cli-error.js';
import { configuration, configurationFor, shownKeys, tellUse, used } from '../configuration.js';
import { EXIT_CODES } from '../exit-codes.js';
import { type Told, told } from '../failure.js';
import { accessOf, checkUris, resolveKeys } from '../keys.js';
import { printable, quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';

export async function keysCheck(args: Args, { signal, waiting }: Session): Promise<Result> {
  const config =
    args.operands.length > 0 ? await configurationFor(args, args.operands) : await configuration(args);
  const named = args.operands.length > 0 ? args.operands : config && [...config.keys.keys()];
  if (!named?.length) throw usageError('keys check: Name a key; there is no configuration that names any.');
  if (!config) await checkUris(named);
  // Before any is asked, so that a misspelt name is told at once.
  const keys = named.map((name) => config?.key(name) ?? { name: undefined, uri: name });
  if (config) tellUse(args, config, `checking ${shownKeys(config, keys)}`);
  const checked = [];
  // One after another: what is measured is how long each takes alone.
  for (const [index, { name, uri }] of keys.entries()) {
    const load = async () => (await resolveKeys(config, [named[index]!], await accessOf(args)))[0]!;
    // What is no URI is a mistake, and may be a secret.
    waiting(`checking ${name ?? `key ${index + 1}`}, ${index + 1} of ${keys.length}`);
    checked.push({ name, check: await checkKey(uri, load, signal) });
  }
  const rows = await Promise.all(
    checked.map(async ({ name, check }) => ({ name, check, steps: await tellSteps(check) })),
  );
  return {
    value: { ...used(config), keys: rows.map(plain) },
    lines: rows.flatMap(lines),
    essential: true,
    exitCode: checked.every(({ check }) => works(check)) ? undefined : EXIT_CODES.key,
  };
}

interface Row {
  readonly name: string | undefined;
  readonly check: KeyCheck;
  readonly steps: readonly (Step & { readonly told: Told | undefined })[];
}

async function tellSteps({ steps }: KeyCheck): Promise<Row['steps']> {
  return Promise.all(
    steps.map(async (step) => ({
      ...step,
      told: step.error === undefined ? undefined : await told(step.error),
    })),
  );
}

function plain({ name, check, steps }: Row): object {
  const { uri, description, rotation } = check;
  return {
    ...(name !== undefined && { name }),
    keyUri: uri,
    works: works(check),
    steps: steps.map(({ step, ms, told: failure }) => ({
      step,
      ok: failure === undefined,
      ms: Math.round(ms * 10) / 10,
      ...(failure && { code: failure.code, message: failure.message }),
    })),
    ...(description && { description: described(description) }),
    ...(rotation && { rotation }),
  };
}

function described({ uri: _, primaryVersion: keyVersion, ...rest }: KeyDescription): object {
  return { keyVersion, ...rest };
}

function lines({ name, check, steps }: Row): string[] {
  const title = name === undefined ? quote(check.uri) : `${name}: ${quote(check.uri)}`;
  return [
    `${title} ${works(check) ? 'works' : 'does not work'}`,
    ...steps.map(({ step, ms, told: failure, optional }) => {
      const found = failure ? `${failure.code}: ${printable(failure.message)}` : detail(step, check);
      const note = optional ? ' (Sealing and opening can do without.)' : '';
      return `  ${step.padEnd(14)}${`${Math.round(ms)} ms`.padStart(8)}  ${found}${note}`.trimEnd();
    }),
  ];
}

function detail(step: Step['step'], { description, rotation, wrapped }: KeyCheck): string {
  if (step === 'describe' && description) {
    const { state, protection, algorithm } = description;
    return `${printable(state)}, ${printable(protection)}, ${printable(algorithm)}`;
  }
  if (step === 'rotation' && rotation) return rotationText(rotation);
  if (step === 'wrap' && wrapped?.keyVersion) return `version ${quote(wrapped.keyVersion)}`;
  return step === 'other context' ? 'refused, as it must be' : '';
}

export function rotationText({ automatic, everyDays, last, next }: RotationStatus): string {
  const every = everyDays === undefined ? 'by itself' : `every ${everyDays} days`;
  const dates = [last && `last on ${day(last)}`, next && `next on ${day(next)}`].filter(Boolean);
  return [automatic ? every : 'only by hand', ...dates].join(', ');
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
