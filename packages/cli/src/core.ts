/** The library, loaded when a command is about to work: to show help, or that an option is misspelt, takes nothing of it. */
export function core(): Promise<typeof import('@weightseal/core')> {
  return import('@weightseal/core');
}
