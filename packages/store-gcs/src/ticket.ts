/** What the checksum of a session is of so far. */
export interface Counted {
  /** Bytes. */
  readonly summed: number;
  readonly crc: number;
}

/** By what another process goes on with a session. A secret, since whoever has its URL may write the object; of that only the path, as the host is always the one that is asked. */
export function ticketFor({ pathname, search }: URL, { summed, crc }: Counted): string {
  return JSON.stringify({ url: pathname + search, summed, crc });
}

/** Undefined for what is none. */
export function ticketOf(text: string): { readonly url: string; readonly sure: Counted } | undefined {
  try {
    const { url, summed, crc } = JSON.parse(text) as Record<string, unknown>;
    const numbers = [summed, crc].every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
    if (typeof url !== 'string' || !numbers) return undefined;
    return { url, sure: { summed: summed as number, crc: crc as number } };
  } catch {
    return undefined;
  }
}
