import { checkedDeadline, throwIfAborted, within } from '@weightseal/core';
import { type Asked, failureOf, type Said, saidBy } from './failures.js';
import type { S3AuditOptions, SdkClient } from './options.js';

/** A client, and the command for it. */
type Make = () => Promise<readonly [client: SdkClient, command: object]>;

/** The answer, or undefined where the error says that there is none, which is an answer too. */
export type Sends = <T>(
  asked: Asked,
  make: Make,
  isNone?: (error: Said) => boolean,
) => Promise<T | undefined>;

export function sending({ signal, deadlineMs }: S3AuditOptions): Sends {
  return async <T>(
    asked: Asked,
    make: Make,
    isNone: (error: Said) => boolean = () => false,
  ): Promise<T | undefined> => {
    const limits = { signal, deadlineMs: checkedDeadline(deadlineMs), doing: asked.operation };
    try {
      return await within(limits, async (stop) => {
        const [client, command] = await make();
        return (await client.send(command as never, { abortSignal: stop } as never)) as T;
      });
    } catch (error) {
      throwIfAborted(signal);
      if (isNone(saidBy(error))) return undefined;
      throw failureOf(error, asked);
    }
  };
}
