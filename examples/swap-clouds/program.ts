// The program. It knows no cloud: which keys seal and open is the configuration's business.
import { join } from 'node:path';
import { keyWrappers, loadConfig } from '@weightseal/config';
import { inspect, openToFile, sealToFile } from '@weightseal/core';
import { providers } from './emulators.ts';

export interface Ran {
  readonly keys: readonly string[];
  readonly digest: string;
}

/** Seals a model and opens it again, with the keys of a profile. */
export async function program(model: string, profile: string): Promise<Ran> {
  // Named: one that is only found has no effect until its user trusts it.
  const config = await loadConfig({ path: join(import.meta.dirname, 'weightseal.config.yaml'), profile });
  const sealed = `${model}.${profile}.sealed`;
  const sealing = config.keysToSeal(model);
  if (!sealing) throw new Error(`The profile ${profile} has no recipients for ${model}.`);
  const context = config.contextToSeal(sealing, { model: 'bert' });

  await sealToFile(model, sealed, { keys: await keyWrappers(config, sealing.keys, { providers }), context });

  const keys = await keyWrappers(config, config.keysToOpen() ?? [], { providers });
  const opened = await openToFile(sealed, `${model}.${profile}.opened`, {
    keys,
    context,
    hedgeMs: config.hedgeMs,
    digest: true,
  });
  const { recipients } = await inspect(sealed);
  return { keys: recipients.map(({ keyUri }) => keyUri), digest: opened.digest ?? '' };
}
