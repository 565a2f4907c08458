/**
 * Whether all threads of the process have the same open files, as on every Node. Deno gives each thread a table of its own, where another's
 * descriptor is closed, or is another file: there all is done on the calling thread.
 */
export const SHARED_DESCRIPTORS: boolean = process.versions['deno'] === undefined;
