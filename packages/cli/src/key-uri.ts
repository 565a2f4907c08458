import type { KeyWrapper } from '@weightseal/core';
import { CliError } from './cli-error.js';
import { type Asking, passphrasePrompt } from './passphrase-prompt.js';

interface Provider {
  readonly package: string;
  /** Imports the package only now: a provider's SDK may take longer to load than everything else. */
  key(uri: string, asking: Asking): Promise<KeyWrapper>;
}

/** Which package the keys of a URI scheme come from. The one place that knows providers by name. */
const PROVIDERS: Readonly<Record<string, Provider>> = {
  local: {
    package: '@weightseal/kms-local',
    key: async (uri) => (await import('@weightseal/kms-local')).localKeyFromUri(uri),
  },
  passphrase: {
    package: '@weightseal/kms-local',
    key: async (uri, asking) => {
      const { passphraseKeyFromUri } = await import('@weightseal/kms-local');
      return passphraseKeyFromUri(uri, { prompt: passphrasePrompt(asking) });
    },
  },
};

/** @throws PROVIDER_UNKNOWN, PROVIDER_MISSING, KEY_URI_INVALID */
export function resolveKeys(
  uris: readonly string[],
  asking: Asking = {},
  providers: Readonly<Record<string, Provider>> = PROVIDERS,
): Promise<KeyWrapper[]> {
  return Promise.all(uris.map((uri) => resolveKey(uri, asking, providers)));
}

async function resolveKey(
  uri: string,
  asking: Asking,
  providers: Readonly<Record<string, Provider>>,
): Promise<KeyWrapper> {
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):/.exec(uri) ?? [];
  const provider = Object.hasOwn(providers, scheme) ? providers[scheme] : undefined;
  if (!provider) throw unknown(scheme, Object.keys(providers));
  try {
    return await provider.key(uri, asking);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const install = `npm install ${provider.package}`;
    throw new CliError('PROVIDER_MISSING', 'usage', `Keys of ${scheme}: need a package: \`${install}\`.`, {
      cause: error,
    });
  }
}

/** Does not repeat the URI: what stands there by mistake may be a secret. */
function unknown(scheme: string, known: readonly string[]): CliError {
  const problem = scheme ? `No provider has keys of ${scheme}:` : 'A key URI starts with its scheme';
  return new CliError(
    'PROVIDER_UNKNOWN',
    'usage',
    `${problem}; known are ${known.map((name) => `${name}:`).join(' and ')}. A key file is local:<path>.`,
  );
}
