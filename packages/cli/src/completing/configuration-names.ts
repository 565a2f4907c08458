import { isPlain } from './plain.js';

interface Names {
  readonly keys: readonly { readonly name: string; readonly uri: string }[];
  readonly profiles: readonly string[];
}

const NONE: Names = { keys: [], profiles: [] };

/**
 * The names of the configuration that would count. What is only found and not trusted offers nothing: it is a stranger's text, and so is a name that a shell
 * would read as more than a word. Nothing of it is run, and no key is asked.
 */
export async function configurationNames(flags: ReadonlyMap<string, readonly string[]>): Promise<Names> {
  try {
    const named = flags.get('config')?.[0];
    const { configStatus, findConfig } = await import('@weightseal/config');
    // Throws for what is not trusted, before any of it is parsed or followed.
    if (named === undefined && findConfig() === undefined) return NONE;
    const env = named === undefined ? process.env : { ...process.env, WEIGHTSEAL_CONFIG: named };
    const found = await configStatus({ env });
    if (!found?.summary || !/^(?:named|trusted)$/.test(found.status)) return NONE;
    const { layers } = found.summary;
    const keys = layers.flatMap((layer) => layer.keys).filter(({ name }) => isPlain(name));
    const profiles = layers.flatMap(({ profile }) => (profile === undefined ? [] : [profile]));
    return {
      keys: [...new Map(keys.map((key) => [key.name, key])).values()],
      profiles: profiles.filter(isPlain),
    };
  } catch {
    return NONE;
  }
}
