import { fileURLToPath } from 'node:url';
import { WeightsealError } from '@weightseal/core';
import type { Source } from './source.js';

/**
 * A configuration in TypeScript or JavaScript: this runs it.
 *
 * @throws CONFIG_INVALID with what it threw as the cause
 */
export async function readModule(path: string, file: string): Promise<Source> {
  const module = await evaluated(path).catch((cause: unknown) => {
    const said = cause instanceof Error ? cause.message : String(cause);
    const inOneLine = said.replaceAll(/\s+/g, ' ');
    throw new WeightsealError('CONFIG_INVALID', `${file}: It fails to load: ${inOneLine}`, { cause });
  });
  if ('default' in module) return { value: module.default, where: () => file };
  throw new WeightsealError(
    'CONFIG_INVALID',
    `${file}: It exports no configuration: \`export default { … }\`.`,
  );
}

async function evaluated(path: string): Promise<object> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, {
    // It would lie in the shared /tmp, where others could put code for us to run.
    fsCache: false,
    // So that a configuration can import `defineConfig` wherever weightseal is installed.
    alias: { '@weightseal/config': fileURLToPath(new URL('index.js', import.meta.url)) },
  });
  return await jiti.import<object>(path);
}
