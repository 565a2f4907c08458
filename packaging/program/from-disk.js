import { constants, runInThisContext } from 'node:vm';

/** An import() of Node's own loader, which a single executable otherwise has for Node's modules only. */
export const importFromDisk = runInThisContext('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
