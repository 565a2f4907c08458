import { type Incomplete, KEPT, type ModelFile } from './types.js';

const PART = /^(.*-)(\d{5})-of-(\d{5})(\.\w+)$/s;

/** The parts of weights that are numbered in their names, as GGUF and Hugging Face have it, and of which some are not there. */
export function* numberedParts(files: Iterable<ModelFile>): Generator<Incomplete> {
  const groups = new Map<string, { readonly file: string; readonly parts: Set<number> }>();
  for (const { path } of files) {
    const [, before, number, total, after] = PART.exec(path) ?? [];
    const [at, of] = [Number(number), Number(total)];
    if (!(at <= of)) continue;
    const key = `${before}\0${total}${after}`;
    const group = groups.get(key) ?? { file: path, parts: new Set() };
    group.parts.add(at);
    groups.set(key, group);
  }
  for (const { file, parts } of groups.values()) {
    const [, before, , total, after] = PART.exec(file)!;
    // Some count from 0.
    const first = parts.has(0) ? 0 : 1;
    const count = Number(total) - parts.size;
    if (count <= 0) continue;
    const missing: string[] = [];
    for (let at = first; missing.length < Math.min(count, KEPT); at++)
      if (!parts.has(at)) missing.push(`${before}${String(at).padStart(5, '0')}-of-${total}${after}`);
    yield { file, kind: 'numbered', missing, count };
  }
}
