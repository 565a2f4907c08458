import type { KeyClientOptions } from '@azure/keyvault-keys';

type Policy = NonNullable<KeyClientOptions['additionalPolicies']>[number]['policy'];

/** The longest answer, a key of 4096 bits, has some 3 KB. */
const MAX_BYTES = 1 << 20;

/** Refuses an answer without end: the SDK keeps what comes until the deadline, which can be gigabytes. */
export const boundedAnswers: Policy = {
  name: 'weightsealBoundedAnswers',
  sendRequest(request, next) {
    // Throwing here ends the answer, and the call with a PARSE_ERROR.
    request.onDownloadProgress = ({ loadedBytes }) => {
      if (loadedBytes > MAX_BYTES) throw new Error('The answer is too long.');
    };
    return next(request);
  },
};
