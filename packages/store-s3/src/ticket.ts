// By what another process goes on with an upload: its id, and the checksum of each part that is there, four bytes each in the order of the parts. Zero is none.

const SUM_BYTES = 4;

interface Summed {
  readonly ChecksumCRC32?: string;
}

export function ticketFor(id: string, parts: ReadonlyMap<number, Summed>): string {
  const sums = Buffer.alloc(SUM_BYTES * (Math.max(-1, ...parts.keys()) + 1));
  for (const [index, { ChecksumCRC32 = '' }] of parts) sums.write(ChecksumCRC32, SUM_BYTES * index, 'base64');
  return `${id} ${sums.toString('base64')}`;
}

export interface Ticket {
  readonly id: string;
  /** Whether the server has checksums of parts. */
  readonly hasSums: boolean;
  /** As S3 has it; undefined where it is not known. */
  sumOf(index: number): string | undefined;
}

export function ticketOf(ticket: string): Ticket {
  const [id = '', text = ''] = ticket.split(' ');
  const sums = Buffer.from(text, 'base64');
  return {
    id,
    hasSums: sums.some((byte) => byte !== 0),
    sumOf(index) {
      const sum = sums.subarray(SUM_BYTES * index, SUM_BYTES * (index + 1));
      return sum.length === SUM_BYTES && sum.some((byte) => byte !== 0) ? sum.toString('base64') : undefined;
    },
  };
}
