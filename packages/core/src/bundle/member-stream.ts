import type { StreamOptions } from '../file/plaintext-reader.js';
import type { MemberReader } from './member-reader.js';

/** A stream of a member that is opened when it is first read, and released when it is over. */
export function streamOf(
  open: () => Promise<MemberReader>,
  release: (reader: MemberReader) => Promise<void>,
  options: StreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let reader: MemberReader | undefined;
  let chunks: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  const end = async (): Promise<void> => {
    if (reader) await release(reader);
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          reader ??= await open();
          chunks ??= reader.stream(options).getReader();
          const { value, done } = await chunks.read();
          if (!done) return controller.enqueue(value);
          await end();
          controller.close();
        } catch (error) {
          await end();
          throw error;
        }
      },
      async cancel(reason) {
        await chunks?.cancel(reason);
        await end();
      },
    },
    { highWaterMark: 0 },
  );
}
