const FLAG = '--semi-space-growth-factor=';
/** V8's own. */
const USUAL = 2;

/**
 * Keeps V8's space for new objects small while a directory, or what lies in a store, is worked on. Members that stay make it grow, to 64 MiB for 100,000 of them, more than all else takes; without that
 * nothing becomes slower: docs/performance.md. Put back at the end, since V8 keeps compiled code by its flags.
 */
export function smallYoungSpace(): Disposable {
  const set = (factor: number) => {
    // Others have other engines, or no such call.
    if (process.versions['bun'] === undefined && process.versions['deno'] === undefined)
      process.getBuiltinModule('node:v8').setFlagsFromString(`${FLAG}${factor}`);
  };
  set(1);
  return { [Symbol.dispose]: () => set(USUAL) };
}
