import { loadError, WeightsealError } from '@weightseal/core';

/** What is installed by those who use Sigstore. */
export const INSTALL =
  'npm install @sigstore/bundle @sigstore/protobuf-specs @sigstore/sign @sigstore/tuf @sigstore/verify';

/** Loads Sigstore's own libraries, at the first use. @throws PROVIDER_MISSING, IO_ERROR */
export async function load<T>(libraries: () => Promise<T>): Promise<T> {
  try {
    return await libraries();
  } catch (cause) {
    throw (
      loadError(cause, '@sigstore') ??
      new WeightsealError(
        'PROVIDER_MISSING',
        `Signatures of Sigstore need its libraries, and they do not load: ${INSTALL}`,
        { cause },
      )
    );
  }
}
