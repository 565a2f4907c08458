export const KIB = 1024;
export const MIB: number = 1024 * KIB;
export const GIB: number = 1024 * MIB;

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: KIB, MiB: MIB, GiB: GIB };

/** `256MiB` or `4GiB` as bytes. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)\s*(|[KMG]iB)$/.exec(text) ?? [];
  if (!digits) throw new Error(`${text} is no size; write it like 512MiB or 4GiB.`);
  return Number(digits) * UNITS[unit]!;
}

export function formatSize(bytes: number): string {
  for (const [unit, factor] of Object.entries({ GiB: GIB, MiB: MIB, KiB: KIB })) {
    if (bytes >= factor) return `${Number((bytes / factor).toFixed(2))} ${unit}`;
  }
  return `${bytes} bytes`;
}
