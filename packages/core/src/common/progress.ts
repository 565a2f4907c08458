/** Bytes of plaintext that are done, and how many there are in all; `total` is undefined while a stream's length is not known. */
export interface Progress {
  readonly bytes: number;
  readonly total: number | undefined;
}

export type OnProgress = (progress: Progress) => void;

/** A counter that tells the callback, once at the start and then after each step. */
export function progressCounter(
  total: number | undefined,
  onProgress: OnProgress | undefined,
): (bytes: number) => void {
  let done = 0;
  onProgress?.({ bytes: 0, total });
  return (bytes) => {
    done += bytes;
    onProgress?.({ bytes: done, total });
  };
}
