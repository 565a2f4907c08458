export function searchMemory(
  pid: number,
  needles: Record<string, Buffer>,
): { found: { name: string; region: string; address: number }[]; searched: number };
