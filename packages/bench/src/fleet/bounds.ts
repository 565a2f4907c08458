/** Each of `nodes` takes the whole from a link of `up`: nothing is faster, and nobody is before the others. */
export function originOnlySeconds(bytes: number, nodes: number, up: number): number {
  return (nodes * bytes) / up;
}

/** The slower of the two steps, while each cache hands on what it has not yet wholly. */
export function cachesSeconds(
  bytes: number,
  nodes: number,
  up: number,
  caches: number,
  cacheUp: number,
): number {
  return Math.max((caches * bytes) / up, ((nodes / caches) * bytes) / cacheUp);
}

/**
 * No way of sharing is faster: the origin sends every byte once, each node receives every byte, and all that is
 * received was sent by somebody (Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time").
 */
export function peersSeconds(
  bytes: number,
  originUp: number,
  nodes: readonly { readonly up: number; readonly down: number }[],
): number {
  const slowest = nodes.reduce((least, { down }) => Math.min(least, down), Number.POSITIVE_INFINITY);
  const allUp = nodes.reduce((sum, { up }) => sum + up, originUp);
  return Math.max(bytes / originUp, bytes / slowest, (nodes.length * bytes) / allUp);
}

/**
 * In rounds of one piece, when each machine sends one piece and receives one in a round: the last piece leaves the
 * origin after all others, and then the number of machines that have it at most doubles (Mundinger, Weber and Weiss).
 */
export function peersRounds(pieces: number, nodes: number): number {
  return pieces - 1 + Math.ceil(Math.log2(nodes + 1));
}
