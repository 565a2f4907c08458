// The keys of a company's own KMS, for weightseal: docs/providers/own.md goes through it.
import {
  type Context,
  checkDataKey,
  checkedDeadline,
  DATA_KEY_BYTES,
  defineProvider,
  encodeContext,
  type KeyCallOptions,
  type KeyDescriber,
  type KeyProvider,
  type KeyRotator,
  type KeyWrapper,
  type ProviderLimits,
  splitKeyUri,
  WeightsealError,
  type WrappedKey,
  within,
} from '@weightseal/core';
import { type Answer, ask } from './http.ts';

const SCHEME = 'corp-kms';
const ALGORITHM = 'corp-aes-256-gcm';
/** IV, the data key, tag. */
const WRAP_BYTES = 12 + DATA_KEY_BYTES + 16;
const name = /^[a-z0-9-]{1,64}$/;
const version = /^[1-9][0-9]{0,9}$/;

interface CorpKmsOptions {
  /** Where the KMS is; CORP_KMS_URL unless told. Not in the URI: that identifies the key, and stands in every file. */
  readonly endpoint?: string;
  /** The token; WEIGHTSEAL_CORP_KMS_TOKEN unless told: `weightseal run` keeps variables of that beginning from its command. */
  readonly token?: string;
}

export const provider: KeyProvider = defineProvider<CorpKmsOptions>({
  scheme: SCHEME,
  options: ['endpoint', 'token'],
  fromUri: corpKey,
});

/** The key of `corp-kms://<name>`. @throws KEY_URI_INVALID, INVALID_ARGUMENT */
export function corpKey(
  uri: string,
  { endpoint = process.env['CORP_KMS_URL'], token, deadlineMs }: CorpKmsOptions & ProviderLimits,
): KeyWrapper & KeyDescriber & KeyRotator {
  const { body: key } = splitKeyUri(uri, SCHEME);
  if (!name.test(key))
    throw new WeightsealError('KEY_URI_INVALID', `A key URI of ${SCHEME}: is ${SCHEME}://<name of the key>.`);
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint))
    throw new WeightsealError(
      'INVALID_ARGUMENT',
      `Keys of ${SCHEME}: need a URL in the option endpoint, or in CORP_KMS_URL.`,
    );
  const limit = checkedDeadline(deadlineMs);
  const call = <T>(
    doing: string,
    request: { readonly path?: string; readonly bound?: Uint8Array; readonly body?: Uint8Array },
    read: (answer: Answer) => T,
    options: KeyCallOptions | undefined,
    discard?: (late: T) => void,
  ): Promise<T> =>
    within(
      { signal: options?.signal, deadlineMs: limit, doing: `${doing} ${uri}` },
      async (stop) => {
        const url = new URL(`/keys/${key}${request.path ?? ''}`, endpoint);
        return read(
          await ask(url, { ...request, token: token ?? process.env['WEIGHTSEAL_CORP_KMS_TOKEN'], stop }),
        );
      },
      discard,
    );

  return {
    provider: SCHEME,
    uri,
    fits: isOurs,
    async wrap(dataKey: Uint8Array, context: Context, options) {
      checkDataKey(dataKey);
      const request = { path: '/wrap', bound: encodeContext(context), body: dataKey };
      return call('wrap with', request, wrapIn, options);
    },
    async unwrap(wrapped: WrappedKey, context: Context, options) {
      const bound = encodeContext(context);
      // A file is hostile: what is of another key is refused before anything is asked.
      if (!isOurs(wrapped))
        throw new WeightsealError(
          'UNWRAP_REJECTED',
          `This was not wrapped by ${uri}; name the key that made it.`,
        );
      const request = { path: `/unwrap/${wrapped.keyVersion}`, bound, body: wrapped.ciphertext };
      return call('unwrap with', request, dataKeyIn, options, (late) => late.fill(0));
    },
    async describe(options) {
      const description = ({ version: primaryVersion }: Answer) => ({
        uri,
        primaryVersion,
        algorithm: ALGORITHM,
        state: 'enabled' as const,
        protection: 'software',
      });
      return call('describe', {}, description, options);
    },
    async rotate(options) {
      return call('rotate', { path: '/rotate', body: new Uint8Array() }, (answer) => answer.version, options);
    },
  };

  /** By all that a slot says. */
  function isOurs({ keyUri, keyVersion, algorithm, ciphertext }: WrappedKey): boolean {
    const ofThisKey = keyUri === uri && algorithm === ALGORITHM;
    return ofThisKey && version.test(keyVersion) && ciphertext.length === WRAP_BYTES;
  }

  function wrapIn({ version: keyVersion, bytes: ciphertext }: Answer): WrappedKey {
    const wrapped = { keyUri: uri, keyVersion, algorithm: ALGORITHM, ciphertext };
    if (isOurs(wrapped)) return wrapped;
    throw new WeightsealError(
      'KEY_RESPONSE_INVALID',
      `The KMS gave what is no wrap of ${uri}; check its endpoint.`,
    );
  }

  function dataKeyIn({ bytes }: Answer): Uint8Array {
    if (bytes.length === DATA_KEY_BYTES) return bytes;
    bytes.fill(0);
    throw new WeightsealError(
      'KEY_RESPONSE_INVALID',
      `The KMS gave no data key for ${uri}; check its endpoint.`,
    );
  }
}
