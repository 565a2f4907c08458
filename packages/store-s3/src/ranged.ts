import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import {
  abortedError,
  type ObjectRange,
  type RangeAnswer,
  type WeightsealError,
  type WireAnswer,
} from '@weightseal/core';
import type { Sending } from './ask.js';
import { sdkError, statusOf } from './errors.js';
import { overWire, whole } from './ranges.js';

export type Failure = (error: unknown) => WeightsealError;

/** A range as it was answered. */
export interface Ranged {
  readonly answer: RangeAnswer;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends a body that nobody wants. */
  drop(): void;
}

/** Undefined for a range that is not there. @throws as the SDK does */
export async function rangedBy(
  wire: WireAnswer,
  signal: AbortSignal,
  failure: Failure,
): Promise<Ranged | undefined> {
  const { status, headers } = wire;
  if (status >= 300) {
    const text = (await whole(wire)).toString();
    if (status === 416) return undefined;
    throw sdkError(status, headers, text);
  }
  const answer = { status, header: (name: string) => headers.get(name) };
  return { answer, body: pieces(wire.body, signal, failure), drop: () => wire.drop() };
}

/** The same, asked by the SDK. */
export async function rangedBySdk(
  { sdk, client, common, abort, alike }: Sending,
  key: string,
  { offset, length, version }: ObjectRange,
  signal: AbortSignal,
  failure: Failure,
): Promise<Ranged | undefined> {
  const command = new sdk.GetObjectCommand({
    ...common,
    Key: key,
    Range: `bytes=${offset}-${offset + length - 1}`,
    ...(version !== undefined && { IfMatch: version }),
  });
  const answer = await client.send(command, abort).catch((error: unknown) => {
    if (statusOf(error) === 416) return undefined;
    throw error;
  });
  if (!answer) return undefined;
  const body = answer.Body as unknown as Readable;
  const sent = overWire(body);
  if (sent) alike?.learn(key, sent.request);
  const drop = () => {
    sent?.answer.drop();
    body.destroy();
  };
  return {
    answer: rangeAnswer(answer),
    body: sent ? pieces(sent.answer.body, signal, failure) : piecesOf(body, signal, failure),
    drop,
  };
}

function rangeAnswer(answer: GetObjectCommandOutput): RangeAnswer {
  const { $metadata, ContentRange, ContentLength, ContentEncoding, ETag, LastModified } = answer;
  const headers: Readonly<Record<string, string | undefined>> = {
    'content-range': ContentRange,
    'content-length': ContentLength === undefined ? undefined : String(ContentLength),
    'content-encoding': ContentEncoding,
    etag: ETag,
    'last-modified': LastModified?.toUTCString(),
  };
  return { status: $metadata.httpStatusCode ?? 0, header: (name) => headers[name] };
}

/** What the socket gives, as it comes. Ends with the signal also where nobody reads. */
function piecesOf(body: Readable, signal: AbortSignal, failure: Failure): AsyncIterable<Uint8Array> {
  const stop = () => body.destroy(abortedError(signal));
  signal.addEventListener('abort', stop, { once: true });
  body.once('close', () => signal.removeEventListener('abort', stop));
  // Of a body that nobody reads any more, nobody is told.
  body.on('error', () => {});
  if (signal.aborted) stop();
  return pieces(body, signal, failure, () => body.destroy());
}

async function* pieces(
  given: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  failure: Failure,
  end: () => void = () => {},
): AsyncGenerator<Uint8Array> {
  try {
    yield* given;
  } catch (error) {
    throw signal.aborted ? abortedError(signal) : failure(error);
  } finally {
    end();
  }
}
