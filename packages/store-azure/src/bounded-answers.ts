import type { RequestPolicyFactory } from '@azure/storage-blob';

/** The longest that is no blob: a page of 5,000 names of a kilobyte, with what stands around each. */
const MAX_BYTES = 16 * 2 ** 20;

/** Ends an answer without end: the SDK keeps what comes until the deadline, which can be gigabytes. What comes as a stream is counted where it is read. */
export const boundedAnswers: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest(request) {
      // Throwing here ends the answer, and the call with a PARSE_ERROR.
      if (!request.streamResponseStatusCodes?.size)
        request.onDownloadProgress = ({ loadedBytes }) => {
          if (loadedBytes > MAX_BYTES) throw new Error('The answer is too long.');
        };
      return next.sendRequest(request);
    },
  }),
};
