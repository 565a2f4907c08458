interface Setting {
  readonly flag: string;
  readonly small: number;
  /** V8's own. */
  readonly usual: number;
}

/** Members that stay make the space for new objects grow, to 64 MiB for 100,000 of them, more than all else takes; without that nothing becomes slower: docs/performance.md. */
const YOUNG: Setting = { flag: '--semi-space-growth-factor=', small: 1, usual: 2 };
/** By how many percent the rest may grow before it is looked through. 0 is by V8's own measure, up to four times; an SDK makes 100 KB of garbage for each request, of which a part looks old. */
const OLD: Setting = { flag: '--heap-growing-percent=', small: 10, usual: 0 };

/** Keeps V8's heap small while a directory is worked on. Put back at the end, since V8 keeps compiled code by its flags. */
export function smallYoungSpace(): Disposable {
  return set([YOUNG]);
}

/** The same for what lies in a store. */
export function smallHeap(): Disposable {
  return set([YOUNG, OLD]);
}

function set(settings: readonly Setting[]): Disposable {
  const setAll = (which: 'small' | 'usual') => {
    // Others have other engines, or no such call.
    if (process.versions['bun'] !== undefined || process.versions['deno'] !== undefined) return;
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    for (const setting of settings) setFlagsFromString(`${setting.flag}${setting[which]}`);
  };
  setAll('small');
  return { [Symbol.dispose]: () => setAll('usual') };
}
