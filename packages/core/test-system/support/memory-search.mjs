// Searches the memory of another process of the same user (Linux).
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 1_048_576;
const OVERLAP = 256;
const zeros = Buffer.alloc(CHUNK + OVERLAP);

/** Where `needles` (name to bytes) stand in the writable memory of a process: `[{ name, region, address }]`. */
export function searchMemory(pid, needles) {
  const found = [];
  const buffer = Buffer.alloc(CHUNK + OVERLAP);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  let searched = 0;
  try {
    for (const { start, end, region } of writableRegions(pid)) {
      for (let at = start; at < end; at += CHUNK) {
        const length = readAt(memory, buffer, at, Math.min(end - at, CHUNK + OVERLAP));
        const bytes = buffer.subarray(0, length);
        searched += Math.min(length, CHUNK);
        if (bytes.equals(zeros.subarray(0, length))) continue;
        for (const [name, needle] of Object.entries(needles)) {
          for (let i = bytes.indexOf(needle); i >= 0 && i < CHUNK; i = bytes.indexOf(needle, i + 1)) {
            found.push({ name, region, address: at + i });
          }
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return { found, searched };
}

function readAt(memory, buffer, at, length) {
  try {
    return readSync(memory, buffer, 0, length, at);
  } catch {
    return 0;
  }
}

function* writableRegions(pid) {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const [, start, end, mode, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    if (!mode?.startsWith('rw')) continue;
    yield { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), region: name || 'anonymous' };
  }
}
