// A configuration in TypeScript or JavaScript, by Node's own loader: the program has no jiti, and needs none.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { WeightsealError } from '@weightseal/core';
import { importFromDisk } from './from-disk.js';

/** So that `import { defineConfig } from '@weightseal/config'` works where nothing is installed. */
const CONFIG = 'data:text/javascript,export const defineConfig = (config) => config;';

export async function readModule(path, file) {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@weightseal/config'
        ? { url: CONFIG, format: 'module', shortCircuit: true }
        : next(specifier, context),
  });
  try {
    const module = await importFromDisk(pathToFileURL(path).href);
    if ('default' in module) return { value: module.default, where: () => file };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`${file}: It fails to load: ${said.replaceAll(/\s+/g, ' ')}`, { cause });
  } finally {
    hooks.deregister();
  }
  throw invalid(`${file}: It exports no configuration: \`export default { … }\`.`);
}

function invalid(message, options) {
  return new WeightsealError('CONFIG_INVALID', message, options);
}
